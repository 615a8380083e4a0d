/**
 * The restock timer: at each interval of the leader's monotonic clock it proposes `Restock{k}`,
 * which fills each product up to its own target. Entry k applies only after k − 1, so that two
 * leaders or a duplicate restock once (docs/PROTOCOL.md, section 5; A26). Proposes nothing if no
 * product is below its target. Under rules 0 the store's one target holds for all products.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import type { CatalogStore } from './store.js';

const retryMs = 1_000;

export interface RestockOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 disables restocking. */
  readonly everySeconds: number;
  /** Target of all products under rules 0. */
  readonly target: number;
}

export function startRestocking(options: RestockOptions): Timer {
  const { store, clock, logger, everySeconds, target } = options;
  if (everySeconds === 0) return { cancel: () => {} };
  let underWay = false;
  let retry: Timer | undefined;
  const timer = every(clock, everySeconds * 1000, () => restock());
  const restock = (): void => {
    const { machine } = store;
    if (underWay || !store.status().serving || machine.belowTarget(target).length === 0) return;
    underWay = true;
    const k = machine.lastRestock + 1;
    store
      .propose(machine.rules > 0 ? ['restock', k] : ['restock', k, target])
      .then((result) => {
        const isRefused = result.kind === 'stocked' && !result.applied;
        // The ledger was full (docs/STOCK.md, M4), unless another entry was restock k.
        if (isRefused && machine.lastRestock < k) retry = clock.after(retryMs, restock);
      })
      .catch((error: unknown) => logger.warn({ error: String(error) }, 'restock failed'))
      .finally(() => {
        underWay = false;
      });
  };
  return {
    cancel() {
      timer.cancel();
      retry?.cancel();
    },
  };
}
