/**
 * Kills a service of this machine for a demonstration, or asks the launcher to start it again. It
 * uses only the data folder, so it cannot affect a service of another machine.
 */
import { BazarError } from '../../base/errors.js';
import { askControl } from './control.js';
import { killOne } from './kill-one.js';

export async function demonstrate(
  dataDir: string,
  command: 'kill' | 'start',
  name: string,
): Promise<{ readonly pid: number }> {
  if (command === 'kill') return { pid: await killOne(dataDir, name) };
  const answer = await askControl(dataDir, { command: 'start', name });
  if (answer) return { pid: Number(answer.pid) };
  throw new BazarError('conflict', `no launcher is running here: start ${name} manually`);
}
