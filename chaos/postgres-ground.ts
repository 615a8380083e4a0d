/**
 * The ground of a store over PostgreSQL: a primary and a synchronous standby. Services connect through
 * links that the run can cut, with a URL of both servers. Faults of the database happen one at a time.
 */
import { join } from 'node:path';
import { findPrograms } from '../bench/peers/postgres-programs.js';
import { runBazar } from '../test/e2e/run-command.js';
import { host, queryAt } from '../test/support/postgres-place.js';
import type { DatabaseFault } from './database-fault.js';
import { DatabasePair } from './database-pair.js';
import type { Ground } from './ground.js';
import {
  database,
  holdLock,
  otherRole,
  serviceRole,
  setTimeouts,
  takeSlots,
} from './operator-faults.js';
import { canSellOver } from './sellable.js';
import { compareTables } from './table-check.js';

/** Next to the store's own ports, and below those of the links. */
const portsFrom = 13_000;
const schema = 'chaos';
const initWithinMs = 30_000;
/** After a fault the services connect again: their longest wait, and the time for a new leader. */
const settlesWithinMs = 3_000;
/** What a service says that starts while its database is away (src/cli/store/claim-store.ts). */
const awayReasons = /: (?:cannot (?:use|read|write|roll back)\b.*|no standby is connected)/;

export interface PostgresGroundOptions {
  readonly folder: string;
  readonly portOffset: number;
  readonly mountsDisks: boolean;
}

/** Undefined if a standby cannot be made here. */
export const programs: string | undefined = findPrograms();

export function postgresGround(options: PostgresGroundOptions): Ground {
  const { folder, portOffset, mountsDisks } = options;
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const ports = [portsFrom + portOffset, portsFrom + portOffset + 1] as const;
  const pair = new DatabasePair({
    ...{ programs, folder: join(folder, 'database'), ports, mountsDisks },
  });
  /** Settles when the faults before are over. */
  let last: Promise<void> = Promise.resolve();
  let faults = 0;
  let overMs = Number.NEGATIVE_INFINITY;

  const injectNow = (fault: DatabaseFault): Promise<void> => {
    const { url, port } = pair.primary;
    switch (fault.event) {
      case 'failover':
        return pair.failover(fault.fence, fault.waits, fault.forMs);
      case 'restart':
        return pair.restart(fault.forMs);
      case 'crash':
        return pair.crash(fault.forMs);
      case 'standby-loss':
        return pair.loseStandby(fault.forMs);
      case 'slots':
        return takeSlots(url, port, fault);
      case 'lock':
        return holdLock(url, schema, fault);
      case 'timeout':
        return setTimeouts(url, fault);
      case 'full-disk':
        return pair.fillDisk(fault.forMs);
    }
  };

  return {
    ...{ name: 'postgres', recovery: 0 },
    databases: pair.places.map(({ name, port }) => ({ name, port })),
    // Orders are only in the database.
    hasState: (service) => service.startsWith('catalog'),
    async open() {
      await pair.open();
      const { url } = pair.primary;
      await queryAt(url, `CREATE ROLE ${serviceRole} LOGIN`);
      await queryAt(url, `CREATE ROLE ${otherRole} LOGIN`);
      const place = ['--store', url, '--store-schema', schema, '--service-role', serviceRole];
      const { code, err } = await runBazar(['store', 'init', ...place], '', initWithinMs);
      if (code !== 0) throw new Error(`store init failed: ${err}`);
    },
    flagsOf(service, linkPorts) {
      if (service.startsWith('frontend')) return [];
      const hosts = linkPorts.map((port) => `${host}:${port}`).join(',');
      const query = `sslmode=disable&target_session_attrs=read-write&application_name=${service}`;
      const url = `postgres://${serviceRole}@${hosts}/${database}?${query}`;
      return ['--store', url, '--store-schema', schema];
    },
    canSell(view) {
      const isSettled = faults === 0 && performance.now() - overMs > settlesWithinMs;
      return isSettled && canSellOver(view, pair.primary.name);
    },
    refusesStart: (reason) => awayReasons.test(reason),
    async inject(fault) {
      faults += 1;
      const own = last.then(() => injectNow(fault));
      last = own.catch(() => {});
      await own.finally(() => {
        faults -= 1;
        overMs = performance.now();
      });
    },
    compare: (books) => compareTables({ pair, schema, books }),
    close: () => pair.close(),
  };
}
