/**
 * Deregisters the frontend processes that no longer hold a lease, so that a later leader does not
 * wait for them (docs/PROTOCOL.md, R8).
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
      .catch((error: unknown) =>
        logger.debug({ error: String(error) }, 'dead processes not deregistered'),
      )
      .finally(() => {
        underWay = false;
      });
  });
}
