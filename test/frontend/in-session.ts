/** Stamps of a frontend in session with a leader, for longer than a test lasts. Helper. */
import { systemClock } from '../../src/base/clock.js';
import { leaseFromNow, Stamps } from '../../src/frontend/cache/invalidation-versions.js';

const leaseMs = 3_600_000;

export function inSession(epoch: number, logEnd = 1): Stamps {
  const stamps = new Stamps();
  stamps.beginSession(logEnd, epoch, leaseFromNow(systemClock, leaseMs));
  return stamps;
}
