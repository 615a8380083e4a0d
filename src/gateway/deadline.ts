/**
 * Bounds how long a caller waits. The work itself continues; a purchase is retried with its key.
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';

/** Settles as `work` does, or rejects with `deadline_exceeded` at `deadlineMs` (monotonic). */
export function withDeadline<T>(clock: Clock, deadlineMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(Math.max(0, deadlineMs - clock.nowMs()), () =>
      reject(new BazarError('deadline_exceeded', 'the answer took too long')),
    );
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
