/**
 * Trying again until a deadline. Only failures that say so are tried again; an operation that is
 * not idempotent also stops where the outcome of an attempt is unknown.
 */
import type { Clock } from '../base/clock.js';
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
  /**
   * Tells, once, that there is news, as a new leader: whoever waits tries at once and does not sit
   * out its pause. Returns how to stop listening.
   */
  readonly news?: (heard: () => void) => () => void;
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
    const heard = await pause(options, backoffMs);
    backoffMs = heard ? backoffMinMs : Math.min(backoffMs * 2, backoffMaxMs);
  }
}

/** Resolves with whether there was news. */
function pause({ clock, news }: RetryOptions, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const over = (heard: boolean): void => {
      timer.cancel();
      forget?.();
      resolve(heard);
    };
    const timer = clock.after(ms, () => over(false));
    const forget = news?.(() => over(true));
  });
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
