/**
 * How sessions fill the threads of a pool. A thread that has a request or two to do costs more to
 * wake than they cost to do, so sessions that ask for little at a time are packed on few threads.
 * Knows no thread. Invariant: at least one thread is wanted, whatever the machine.
 */

/**
 * `packed`: on half as many threads as there are cores, for the other cores' worth is spent by the
 * owners and the kernel on the same requests. `spread`: on as many as there are cores, for requests
 * that are work by themselves.
 */
export type Placement = 'packed' | 'spread';

/** No thread in use is to have more, on average, while there are others. */
export const sessionsPerThread = 128;

/** How many threads so many sessions are to use, if there are as many. */
export function threadsFor(placement: Placement, sessions: number, cores: number): number {
  const first = placement === 'spread' ? cores : Math.floor(cores / 2);
  return Math.max(1, first, Math.ceil(sessions / sessionsPerThread));
}

/** Does one thread serve all sessions of such a kind, as long as they are few? */
export function isServedByOne(placement: Placement, workers: number, cores: number): boolean {
  return Math.min(workers, threadsFor(placement, 0, cores)) === 1;
}
