/**
 * Retries until a deadline. Only failures marked as retryable are retried; an operation that is not
 * idempotent also stops if the outcome of an attempt is unknown. Invariant: no attempt starts at or
 * after the deadline, even after a pause of the process (docs/PROTOCOL.md, A34).
 */
import { type Clock, countdown } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';

const backoffMinMs = 5;
const backoffMaxMs = 200;

export interface RetryOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Calling twice has the same effect as calling once: reads, and purchases with their keys. */
  readonly idempotent: boolean;
  /** An attempt may have had an effect although its answer was lost. */
  readonly mayHaveEffect: boolean;
  /**
   * True if every later attempt would fail in the same way. The failure is then returned at once.
   */
  readonly isFinal?: (error: BazarError) => boolean;
  /** Maximum time of an attempt, so that a hung leader does not use up the deadline. */
  readonly attemptMaxMs: number;
  /**
   * Calls back at each announcement of leaders, so that a waiting call retries at once. Returns a
   * function that cancels.
   */
  readonly news?: (heard: () => void) => () => void;
}

export async function retry<T>(
  options: RetryOptions,
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const { clock, deadlineMs, attemptMaxMs } = options;
  const leftMs = countdown(clock, deadlineMs - clock.nowMs());
  let backoffMs = backoffMinMs;
  let isUnknown = false;
  let failure: BazarError | undefined;
  for (;;) {
    const timeoutMs = Math.min(leftMs(), attemptMaxMs);
    if (timeoutMs <= 0) throw withoutAnswer(failure ?? neverSent(), isUnknown);
    try {
      return await attempt(timeoutMs);
    } catch (thrown) {
      failure = toBazarError(thrown);
      if (!mayRetry(failure, options.idempotent)) throw failure;
      isUnknown ||= options.mayHaveEffect && leavesUnknown(failure);
      if (options.isFinal?.(failure)) throw withoutAnswer(failure, isUnknown);
      if (leftMs() <= backoffMs) throw withoutAnswer(failure, isUnknown);
    }
    const heard = await pause(options, backoffMs);
    backoffMs = heard ? backoffMinMs : Math.min(backoffMs * 2, backoffMaxMs);
  }
}

/** Resolves to true if news ended the pause. */
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
  if (idempotent) return error.retryable || error.code === 'deadline_exceeded';
  return error.retryable && !leavesUnknown(error);
}

/** True if the request had been sent when it failed: it may have been carried out. */
function leavesUnknown({ code, details }: BazarError): boolean {
  if (details.unknown === false) return false;
  return code === 'deadline_exceeded' || details.unknown === true;
}

function neverSent(): BazarError {
  return new BazarError('deadline_exceeded', 'the time was up before the request was sent', {
    details: { unknown: false },
  });
}

/** The last failure if no attempt left an unknown outcome; otherwise the outcome is unknown. */
function withoutAnswer(error: BazarError, isUnknown: boolean): BazarError {
  if (!isUnknown) return error;
  return new BazarError('deadline_exceeded', 'the outcome is not known: retry with the same key', {
    cause: error,
  });
}
