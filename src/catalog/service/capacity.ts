/**
 * Logs this process's capacity for clients' purchase keys while it leads and the state has another one
 * (docs/PROTOCOL.md, section 5). Apply reads only the logged number, so the option of a follower changes
 * nothing. Also warns in the log file that the table of keys is full. Invariant: proposes only under
 * rules 2 or later, and one entry at a time.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import type { CatalogStore } from './store.js';

/** Polls, because the rules may start, or a proposal may fail, without an event. */
const everyMs = 1_000;
/** The leader warns again only after the table was less full than this. */
const calmShare = 0.8;

export interface CapacityOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: the state keeps the capacity that it has. */
  readonly clientKeysMax: number | undefined;
}

export function keepCapacity({ store, clock, logger, clientKeysMax }: CapacityOptions): Timer {
  const { machine } = store;
  let underWay = false;
  let hasWarned = false;
  const warnIfFull = (): void => {
    const { clientKeys: keys, clientKeysMax: keysMax } = machine;
    if (keys < calmShare * keysMax) hasWarned = false;
    if (hasWarned || keys < keysMax) return;
    hasWarned = true;
    logger.warn({ keys, keysMax }, 'the table of purchase keys is full: new keys are refused');
  };
  const check = (): void => {
    if (underWay || !store.status().serving) return;
    if (
      clientKeysMax === undefined ||
      clientKeysMax === machine.clientKeysMax ||
      machine.rules < 2
    ) {
      warnIfFull();
      return;
    }
    underWay = true;
    store
      .propose(['capacity', clientKeysMax])
      .then(() => logger.info({ clientKeysMax }, 'a new capacity for purchase keys applies'))
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'capacity not logged'))
      .finally(() => {
        underWay = false;
      });
  };
  store.onServing(check);
  return every(clock, everyMs, check);
}
