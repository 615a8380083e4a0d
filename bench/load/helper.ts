/**
 * Starts the bench's own small servers as separate processes, and ends them. Each listens on a free port
 * and reports it in its first message.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Target } from './session.js';

export interface Helper {
  readonly target: Target;
  stop(): Promise<void>;
}

export type HelperName = 'echo-server' | 'stand-in';

export async function startHelper(name: HelperName): Promise<Helper> {
  const child = fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)));
  const started = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const address: unknown = started[0];
  if (typeof address !== 'object' || address === null || !('port' in address)) {
    throw new Error(`${name} did not start`);
  }
  const pids = child.pid === undefined ? [] : [child.pid];
  return {
    target: { host: '127.0.0.1', port: Number(address.port), pids },
    async stop() {
      const exited = once(child, 'exit');
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
}
