/** Stamps of a frontend in session with a leader, for longer than a test lasts. Helper. */
import { systemClock } from '../../src/base/clock.js';
import {
  InvalidationVersions,
  leaseFromNow,
} from '../../src/frontend/cache/invalidation-versions.js';

const leaseMs = 3_600_000;

export function inSession(epoch: number, logEnd = 1): InvalidationVersions {
  const versions = new InvalidationVersions();
  versions.beginSession(logEnd, epoch, leaseFromNow(systemClock, leaseMs));
  return versions;
}
