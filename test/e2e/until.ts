/**
 * Waiting for what becomes true in other processes: asked again and again, with a deadline so
 * generous that only a real failure meets it.
 */

export const patienceMs = 60_000;
const pollEveryMs = 20;

/** The first value that is neither false nor undefined; what is thrown means "not yet". */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = patienceMs,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (let last: unknown = 'nothing'; ; ) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${limitMs / 1000} s; last: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
}

/** Rejects where the promise is not settled in time, so that a hang says what hung. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  limitMs = patienceMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
