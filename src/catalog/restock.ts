/**
 * The restock timer: every so many seconds of the leader's monotonic clock it proposes the next
 * `Restock{k, target}`. Entry k applies only after k − 1, so that two leaders or a duplicate
 * restock once (docs/PROTOCOL.md, section 5; A26). With nothing below the target it stays silent.
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { CatalogStore } from './store.js';

export interface RestockOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0: never. */
  readonly everySeconds: number;
  readonly target: number;
}

export function startRestocking(options: RestockOptions): Timer {
  const { store, clock, logger, everySeconds, target } = options;
  if (everySeconds === 0) return { cancel: () => {} };
  let underWay = false;
  return every(clock, everySeconds * 1000, () => {
    const { machine } = store;
    if (underWay || !store.status().serving || machine.belowTarget(target).length === 0) return;
    underWay = true;
    store
      .propose(['restock', machine.lastRestock + 1, target])
      .catch((error: unknown) => logger.warn({ error: String(error) }, 'restock failed'))
      .finally(() => {
        underWay = false;
      });
  });
}
