/**
 * For long work that nobody waits for, beside work that somebody does: it rests between its pieces.
 * A low priority alone does not do, for cores share their caches and memory, and the collector's
 * threads have a priority of their own. Knows no work.
 */
import { type Clock, sleep } from './clock.js';

/** Less than this goes on without a rest. */
const workMs = 4;

/** Called between two pieces of work. */
export type Rest = () => Promise<void>;

export const restless: Rest = () => Promise.resolve();

/** Rests as long as the work took since the last time: longer where others had the core meanwhile. */
export function restful(clock: Clock): Rest {
  let beganMs = clock.nowMs();
  return async () => {
    const workedMs = clock.nowMs() - beganMs;
    if (workedMs < workMs) return;
    await sleep(clock, workedMs);
    beganMs = clock.nowMs();
  };
}
