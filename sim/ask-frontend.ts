/** A customer's request to a thread of a frontend, over the simulated network. */
import { BazarError } from '../src/base/errors.js';
import type { FrontendOperations } from '../src/frontend/operations.js';
import type { RequestContext } from '../src/frontend/types.js';
import type { Frontend } from './frontend.js';
import type { Life } from './process.js';
import type { World } from './world.js';

const graceMs = 500;

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
