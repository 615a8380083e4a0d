/** Stores to copy: a data folder with all kinds of rows, and a catalog over a database. Helper of these tests. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/base/clock.js';
import type { CatalogConfig } from '../../../src/base/config.js';
import { databaseLimits } from '../../../src/base/database-limits.js';
import { silentLogger } from '../../../src/base/logging.js';
import { cancellationsOf } from '../../../src/catalog/machine/results.js';
import { newMachine } from '../../../src/catalog/service/new-machine.js';
import { openSqlCatalog } from '../../../src/catalog/service/sql-catalog.js';
import { CatalogStore } from '../../../src/catalog/service/store.js';
import type { Entry } from '../../../src/consensus/types.js';
import type { RpcPeers } from '../../../src/group/rpc-peers.js';
import { movementsCommand } from '../../../src/order/movement-command.js';
import { JobsPool } from '../../../src/pool/jobs-pool.js';
import { decode, encode } from '../../../src/wire/codec.js';
import type { OrderCommand, Purchase, Sale, SalesMessage } from '../../../src/wire/internal.js';
import {
  byClient,
  byFrontend,
  type CatalogLog,
  digest,
  hour,
  toyLog,
} from '../../catalog/log-builder.js';
import { tradesAt } from '../../catalog/tables/trades.js';
import { until } from '../../database/faults.js';
import { type TestDatabase, testStore } from '../../support/postgres-server.js';
import { writeLog } from '../backup/members.js';

/** Does not wait while it watches whether a store runs. */
const clock: Clock = {
  ...systemClock,
  after: (ms, callback) => systemClock.after(ms === databaseLimits.watchMs ? 0 : ms, callback),
};

export type Teardown = { teardown(end: () => Promise<void>): void };

/** Keys, changes, a target, a removed product, a lease holder. */
export function fullLog(orders = 6): CatalogLog {
  const log = toyLog();
  log.append(['rules', 2, { restockTo: 0, bundled: [] }]);
  log.append(['capacity', 5_000]);
  log.append(['register', 'frontend-1', randomUUID()]);
  log.append(['keyed', digest('change'), digest('a').slice(0, 8), 0, ['update', 2, { add: 3 }]]);
  log.append(['update', 1, { quantity: 100_000, restockTo: 50 }]);
  log.append(['add', { name: 'Gnu', topic: 'tiere', priceCents: 5, quantity: 1, id: 40 }]);
  log.append(['remove', 40, null]);
  log.pass(20_000);
  log.sellAs(4, first, byClient('refused', [[40, 1]]), byFrontend('b', [[1, 1]]));
  for (let n = 3; n <= orders; n += 100) {
    const batch = Array.from({ length: Math.min(100, orders - n + 1) }, (_none, i) =>
      byClient(`purchase ${n + i}`, [[1, 1 + (i % 3)]], { seenTime: log.time }),
    );
    log.sellAs(4, ...batch);
  }
  return log;
}

/**
 * The same under rules 3, with holds: two open, one confirmed in part, one expired, one forgotten; and with
 * a limit of each kind, which counts uses of two customers.
 */
export function heldLog(orders = 6): CatalogLog {
  const log = fullLog(orders);
  log.append(['rules', 3, { restockTo: 0, bundled: [] }]);
  log.append(['update', 1, { limit: [50, null] }]);
  log.append(['update', 2, { limit: [5, 3_600] }]);
  const early = tradesAt(log.time);
  log.append([
    'trade',
    4,
    1_000,
    [early.hold('forgotten', [[1, 1]], { customer: 'Bob' }), early.release('forgotten')],
  ]);
  log.pass(24 * hour);
  const { hold, confirm } = tradesAt(log.time);
  const short = { ttlSeconds: 1, customer: 'Bob' };
  log.append([
    'trade',
    4,
    1_000,
    [
      hold(
        'open',
        [
          [1, 5],
          [2, 1],
        ],
        { customer: 'Bob' },
      ),
      hold('part', [[1, 3]], { customer: 'Ann', reference: 'cart 7' }),
      confirm('part', [[1, 2]]),
      hold('expired', [[1, 1]], short),
    ],
  ]);
  log.pass(2_000);
  log.append(['expire', [4]]);
  log.append(['trade', 4, 1_000, [tradesAt(log.time).hold('last', [[2, 1]], { customer: 'Ann' })]]);
  return log;
}

/**
 * The same with cancellations: one unit of order 1, which the catalog has confirmed, an order whole without its
 * stock, and the rest of order 1.
 */
export function cancelledLog(orders = 6): CatalogLog {
  const log = heldLog(orders);
  const { cancel } = tradesAt(log.time);
  const sales = log.machine
    .view()
    .sales()
    .flatMap(([, , bytes]) => decode(bytes) as Sale[]);
  const [one, two] = sales;
  if (!one || !two) throw new Error('nothing was sold');
  log.append(['trade', 4, 1_000, [cancel('a', one, { lines: [[1, 1]], reason: 'a\0b' })]]);
  log.append(['cursor', 1, 1]);
  log.append(['trade', 4, 1_000, [cancel('b', two, { restock: false }), cancel('c', one)]]);
  return log;
}

/**
 * The same under rules 4: an adjustment, a sale, a hold and a restock; the catalog has confirmed the first
 * movement.
 */
export function movedLog(orders = 6): CatalogLog {
  const log = cancelledLog(orders);
  log.append(['rules', 4, { restockTo: 0, bundled: [] }]);
  log.append(['adjust', 1, { delta: -3, reason: 'damaged', reference: 'a\0"b" \\0 {c}' }]);
  const { buy, hold } = tradesAt(log.time);
  log.append([
    'trade',
    4,
    1_000,
    [buy('moved', [[1, 2]], 'Ann'), hold('held', [[1, 1]], { customer: 'Ann' })],
  ]);
  log.append(['cursor', 1, 1, 3]);
  log.append(['adjust', 2, { count: 30, reason: 'count' }]);
  return log;
}

/** The purchase that became order 1. */
export const first: Purchase = byClient('a', [
  [1, 3],
  ['Whale', 2],
]);

/** The book lacks the sales, the cancellations and the movements of the last entry that made some. The catalog does not know of the last orders in the book. */
export async function writeStore(folder: string, log: CatalogLog): Promise<void> {
  const runs = log.machine.view().sales().slice(0, -1);
  const commands = runs.map(([first, count, sales]): OrderCommand => {
    return ['orders', first, count, sales];
  });
  if (log.machine.cancellations.last > 0) {
    commands.push(['rules', 3]);
    // Those of the last entry are not in the book.
    const made = cancellationsIn(log).slice(0, -1);
    commands.push(...made.map((run): OrderCommand => ['cancellations', ...run]));
  }
  if (log.machine.movements.last > 0) {
    commands.push(['rules', 4]);
    commands.push(...movementsIn(log).slice(0, -1).map(movementsCommand));
  }
  const book = commands.map((command, i): Entry => {
    return { seq: i + 1, epoch: 1, time: 0, command: encode(command) };
  });
  log.append(['cursor', Math.min(1, runs.length)]);
  await writeLog(join(folder, 'catalog-1'), log.entries, 5);
  await writeLog(join(folder, 'order-1'), book, 7);
}

/** All cancellations of the log, also those that the catalog holds no more. */
function cancellationsIn({ entries }: CatalogLog): SalesMessage[] {
  const machine = newMachine();
  const runs: SalesMessage[] = [];
  for (const entry of entries) {
    const run = cancellationsOf(machine.apply(entry));
    if (run) runs.push(run);
  }
  return runs;
}

function movementsIn({ entries }: CatalogLog): SalesMessage[] {
  const machine = newMachine();
  const runs: SalesMessage[] = [];
  for (const entry of entries) {
    const { last } = machine.movements;
    machine.apply(entry);
    const run = machine.movements.from(last + 1, 1);
    if (run) runs.push(run);
  }
  return runs;
}

export async function emptyStore(test: Teardown): Promise<TestDatabase> {
  return { ...(await testStore(test)), clock };
}

export interface RunningCatalog {
  readonly store: CatalogStore;
  stop(): Promise<void>;
}

/** Rejects as the service does at its start. */
export async function startCatalog(database: TestDatabase): Promise<RunningCatalog> {
  const logger = silentLogger;
  const machine = newMachine();
  const jobs = new JobsPool({ clock: systemClock, logger });
  const address = { host: '127.0.0.1', port: 1 };
  const config = { name: 'catalog-1', logRetentionHours: 1 } as CatalogConfig;
  const place = { url: database.url, env: {}, schema: database.schema };
  const options = { config, machine, jobs, clock: systemClock, logger };
  const catalog = await openSqlCatalog(options, place);
  const group = catalog.engine.newGroup({
    ...{
      config,
      clock: systemClock,
      logger,
      machine,
      gated: true,
      peers: { start: () => {} } as unknown as RpcPeers,
    },
    membership: {
      replicas: [{ name: 'catalog-1', service: address, peer: address }],
      recoveryServers: [],
    },
    applied(entry, result) {
      catalog.applied(entry, result);
      store.applied(entry, result);
    },
  });
  const boundsTotals = () => true;
  const store: CatalogStore = new CatalogStore({ group, machine, clock, boundsTotals });
  await group.start();
  await until(async () => store.status().serving);
  return {
    store,
    async stop() {
      group.stop();
      await catalog.engine.close();
      await jobs.close();
    },
  };
}

/** Until the tables show all that was applied. */
export function untilWritten(database: TestDatabase, { machine }: CatalogStore): Promise<void> {
  return until(async () => {
    const [row] = await database.query('SELECT applied_seq FROM applied');
    return Number(row?.applied_seq) === machine.appliedSeq;
  });
}
