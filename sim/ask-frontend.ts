/** A customer's request to a thread of a frontend, over the simulated network. */
import { sleep } from '../src/base/clock.js';
import { BazarError, toBazarError } from '../src/base/errors.js';
import { purchaseLimits } from '../src/base/limits.js';
import type { FrontendOperations } from '../src/frontend/operations.js';
import type { RequestContext } from '../src/frontend/types.js';
import type { Frontend } from './frontend.js';
import type { Life } from './process.js';
import type { World } from './world.js';

const graceMs = 500;
const attemptsMax = 5;
const pauseMs = 20;

export type Ask<T> = (operations: FrontendOperations, context: RequestContext) => Promise<T>;

export interface Asker {
  readonly name: string;
  readonly life: Life;
  /** The frontend's thread that has the connection. */
  readonly thread: number;
}

/** Rejects with an unknown outcome if the frontend crashes meanwhile. */
export function askFrontend<T>(
  world: World,
  { name, life, thread }: Asker,
  frontend: Frontend,
  ask: Ask<T>,
): Promise<T> {
  const { network, scheduler, profile } = world;
  return new Promise((resolve, reject) => {
    const lost = (unknown: boolean) => () => {
      const details = unknown ? { unknown } : {};
      reject(new BazarError('unavailable', `${frontend.name} is gone`, { details }));
    };
    life.after(profile.patienceMs + graceMs, () => {
      const details = { unknown: true };
      reject(new BazarError('deadline_exceeded', 'no answer', { details }));
    });
    scheduler.in(network.delayMs(), () => {
      const there = frontend.process.life;
      if (!there) {
        scheduler.in(network.delayMs(), lost(false));
        return;
      }
      there.onEnd(() => scheduler.in(network.delayMs(), lost(true)));
      there.enter(() => {
        const operations = frontend.operations(thread);
        if (!operations) return;
        const deadlineMs = there.nowMs() + profile.patienceMs;
        ask(operations, { requestId: name, deadlineMs }).then(
          (value) => {
            if (!there.dead) scheduler.in(network.delayMs(), () => resolve(value));
          },
          (error: unknown) => {
            if (!there.dead) scheduler.in(network.delayMs(), () => reject(error));
          },
        );
      }, true);
    });
  });
}

/**
 * Asks again under the same key while the outcome is open and the key is known for certain. Undefined: one
 * of the refusals, which are answers.
 */
export async function askUntilSettled<T>(
  { scheduler }: World,
  life: Life,
  ask: () => Promise<T>,
  refusals: ReadonlySet<string>,
): Promise<T | undefined> {
  const begunMs = scheduler.nowMs;
  const { clientKeyMs, clientKeyAgeMaxMs } = purchaseLimits;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (thrown) {
      const error = toBazarError(thrown);
      if (refusals.has(error.code)) return undefined;
      const isLate = scheduler.nowMs - begunMs > 0.9 * (clientKeyMs - clientKeyAgeMaxMs);
      const mayRetry = error.retryable || error.code === 'deadline_exceeded';
      if (!mayRetry || isLate || attempt === attemptsMax) throw error;
    }
    await sleep(life, pauseMs);
  }
}
