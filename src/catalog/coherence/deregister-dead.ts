/**
 * Strikes frontends' processes off that hold no lease any more, so that no later leader waits for
 * the dead (docs/PROTOCOL.md, R8).
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import { leaseLimits } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type { CoherentStore } from './coherent-store.js';

export function deregisterDead(store: CoherentStore, clock: Clock, logger: Logger): Timer {
  let underWay = false;
  return every(clock, leaseLimits.renewEveryMs, () => {
    if (underWay || !store.status().serving) return;
    underWay = true;
    store.leases
      .deregisterDead()
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'not struck off'))
      .finally(() => {
        underWay = false;
      });
  });
}
