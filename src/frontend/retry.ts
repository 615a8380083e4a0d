/**
 * Trying again until a deadline. Only failures that say so are tried again; an operation that is
 * not idempotent also stops where the outcome of an attempt is unknown.
 */
import { type Clock, sleep } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';

const backoffMinMs = 5;
const backoffMaxMs = 200;

export interface RetryOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** The same call twice is the same as once: reads, and purchases with their keys. */
  readonly idempotent: boolean;
  /** An attempt may have done something although its answer was lost. */
  readonly changes: boolean;
  /** An attempt takes no longer than this, so that a hung leader does not use up the deadline. */
  readonly attemptMaxMs: number;
}

export async function retry<T>(
  options: RetryOptions,
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const { clock, deadlineMs, attemptMaxMs } = options;
  let backoffMs = backoffMinMs;
  let isUnknown = false;
  for (;;) {
    const leftMs = deadlineMs - clock.nowMs();
    try {
      return await attempt(Math.max(0, Math.min(leftMs, attemptMaxMs)));
    } catch (thrown) {
      const error = toBazarError(thrown);
      if (!mayRetry(error, options.idempotent)) throw error;
      isUnknown ||= options.changes && leavesUnknown(error);
      if (clock.nowMs() + backoffMs >= deadlineMs) throw atDeadline(error, isUnknown);
    }
    await sleep(clock, backoffMs);
    backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
  }
}

function mayRetry(error: BazarError, idempotent: boolean): boolean {
  if (error.code === 'deadline_exceeded') return idempotent;
  return error.retryable && (idempotent || !leavesUnknown(error));
}

/** The request had left when it failed: it may have been carried out. */
function leavesUnknown(error: BazarError): boolean {
  return error.code === 'deadline_exceeded' || error.details.unknown === true;
}

/** Nobody took it: the last failure. Somebody took it and did not answer: the deadline. */
function atDeadline(error: BazarError, isUnknown: boolean): BazarError {
  if (!isUnknown) return error;
  return new BazarError('deadline_exceeded', 'the outcome is not known: retry with the same key', {
    cause: error,
  });
}
