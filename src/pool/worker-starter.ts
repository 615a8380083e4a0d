/**
 * Starts the workers that serve sessions: threads of a fixed piscina pool, or hosts on the owner. Each
 * start returns a port and a promise of the end, which rejects if the thread crashed. The caller
 * decides whether to start a thread again.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { isOn, switchedOff } from '../base/optimisations.js';
import type { RelayLimits } from './limits.js';
import { loadProgram } from './load-program.js';
import { messagePort } from './message-port.js';
import { ringPair, ringPort } from './ring-port.js';
import { SessionHost } from './session-host.js';
import type { ThreadTask } from './thread-main.js';
import { localPorts, type ThreadPort } from './thread-port.js';

export interface StartedWorker {
  readonly port: ThreadPort;
  /** Resolves after a stop; otherwise rejects with the reason why the thread ended. */
  readonly ended: Promise<void>;
}

export interface WorkerStarter {
  startWorker(): StartedWorker;
  /** Ends all threads, including hung ones. */
  close(): Promise<void>;
}

export interface WorkerOptions {
  readonly program: URL;
  readonly data: unknown;
  readonly limits: RelayLimits;
}

/** Starts `first` threads at once, and the others when they are needed. */
export function threadStarter(
  { first, all }: { readonly first: number; readonly all: number },
  options: WorkerOptions,
  logger: Logger,
): WorkerStarter {
  const pool = new Piscina({
    filename: new URL('./thread-main.js', import.meta.url).href,
    name: 'serveSessions',
    minThreads: first,
    maxThreads: all,
    idleTimeout: Number.POSITIVE_INFINITY,
    // Between two tasks a thread must continue to read its ports.
    atomics: 'disabled',
    recordTiming: false,
  });
  // Errors of threads without a task. Without a listener they would end the process.
  pool.on('error', (error: Error) => {
    logger.warn({ err: error.stack }, 'a session thread failed between two tasks');
  });
  return {
    startWorker() {
      const { port1, port2 } = new MessageChannel();
      const [ownRings, rings] = isOn('ring') ? ringPair() : [];
      const { data, limits } = options;
      const program = options.program.href;
      const task: ThreadTask = { port: port2, rings, program, data, limits, off: switchedOff() };
      const ended = pool.run(task, { transferList: [port2] });
      return { port: ownRings ? ringPort(port1, ownRings) : messagePort(port1), ended };
    },
    // Not pool.close(), which waits for long tasks: the owner has sent `stop` and waited already.
    close: () => pool.destroy(),
  };
}

export function localStarter(options: WorkerOptions, clock: Clock): WorkerStarter {
  return {
    startWorker() {
      const [ownerPort, hostPort] = localPorts();
      const ended = new Promise<void>((stopped, failed) => {
        const host = new SessionHost(hostPort, clock, options.limits, stopped);
        loadProgram(options.program.href)
          .then((program) => host.run(program, options.data))
          .catch(failed);
      });
      return { port: ownerPort, ended };
    },
    close: async () => {},
  };
}
