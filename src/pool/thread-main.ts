/**
 * The one long task of a session thread, started by piscina: it loads the service's program and
 * serves until the owner says stop. It never returns before, for a task a message would cost more
 * than the message.
 */
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../base/clock.js';
import type { RelayLimits } from './limits.js';
import { loadProgram } from './load-program.js';
import { type Rings, ringPort } from './ring-port.js';
import { SessionHost } from './session-host.js';

export interface ThreadTask {
  readonly port: MessagePort;
  readonly rings: Rings;
  /** The address of the program's module. */
  readonly program: string;
  readonly data: unknown;
  readonly limits: RelayLimits;
}

export async function serveSessions(task: ThreadTask): Promise<void> {
  const program = await loadProgram(task.program);
  await new Promise<void>((stopped, failed) => {
    const host = new SessionHost(
      ringPort(task.port, task.rings),
      systemClock,
      task.limits,
      stopped,
    );
    host.run(program, task.data).catch(failed);
  });
}
