/**
 * For long background work beside requests: it rests between its pieces. A low priority alone is not
 * enough, because cores share caches and memory, and the garbage collector's threads have their own
 * priority.
 */
import { type Clock, sleep } from './clock.js';

/** Shorter work continues without a rest. */
const workMs = 4;

/** Called between two pieces of work. */
export type Rest = () => Promise<void>;

export const restless: Rest = () => Promise.resolve();

/**
 * Rests as long as the work since the last rest took: longer if other threads used the core meanwhile.
 */
export function restful(clock: Clock): Rest {
  let beganMs = clock.nowMs();
  return async () => {
    const workedMs = clock.nowMs() - beganMs;
    if (workedMs < workMs) return;
    await sleep(clock, workedMs);
    beganMs = clock.nowMs();
  };
}
