/** Failures of purchases at an order replica, which the frontend repeats at the leader. */
import { BazarError } from '../base/errors.js';

export function notLeading(leader: string | undefined): BazarError {
  return new BazarError('unavailable', 'this order service does not lead', { details: { leader } });
}

/** The sale may exist: retrying with the same key returns its outcome. */
export function unknownOutcome(): BazarError {
  return new BazarError('unavailable', 'the order leader changed', { details: { unknown: true } });
}
