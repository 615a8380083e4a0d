/**
 * Decides how many threads of a pool the sessions use. Waking a thread for one or two small
 * requests costs more than the requests, so sessions with small requests share few threads. Does
 * not depend on threads. Invariant: the result is at least one thread.
 */

/**
 * `packed` uses half as many threads as cores, because the owners and the kernel spend the other
 * half on the same requests. `spread` leaves them one core, for requests that are much work for a
 * thread.
 */
export type Placement = 'packed' | 'spread';

/** Average sessions a thread above which another thread is used, if there is one. */
export const sessionsPerThread = 128;

/** The number of threads that this many sessions should use. */
export function threadsFor(placement: Placement, sessions: number, cores: number): number {
  const first = placement === 'spread' ? cores - 1 : Math.floor(cores / 2);
  return Math.max(1, first, Math.ceil(sessions / sessionsPerThread));
}

/** True if one thread serves all sessions of such a kind while they are few. */
export function isServedByOne(placement: Placement, workers: number, cores: number): boolean {
  return Math.min(workers, threadsFor(placement, 0, cores)) === 1;
}
