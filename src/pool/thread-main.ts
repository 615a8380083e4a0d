/**
 * The single long task of a session thread, started by piscina. It loads the service's program and
 * serves until the owner sends `stop`. A piscina task for each message would cost more than the
 * message.
 */
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../base/clock.js';
import { type Optimisation, switchOff } from '../base/optimisations.js';
import type { RelayLimits } from './limits.js';
import { loadProgram } from './load-program.js';
import { messagePort } from './message-port.js';
import { type Rings, ringPort } from './ring-port.js';
import { SessionHost } from './session-host.js';

export interface ThreadTask {
  readonly port: MessagePort;
  /** Undefined: batches are sent as messages. */
  readonly rings: Rings | undefined;
  /** The address of the program's module. */
  readonly program: string;
  readonly data: unknown;
  readonly limits: RelayLimits;
  /** The optimisations that are off, as on the owner. */
  readonly off: readonly Optimisation[];
}

export async function serveSessions(task: ThreadTask): Promise<void> {
  switchOff(task.off);
  const { port, rings } = task;
  const program = await loadProgram(task.program);
  await new Promise<void>((stopped, failed) => {
    const host = new SessionHost(
      rings ? ringPort(port, rings) : messagePort(port),
      systemClock,
      task.limits,
      stopped,
    );
    host.run(program, task.data).catch(failed);
  });
}
