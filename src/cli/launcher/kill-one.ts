/**
 * Kills one service of a data folder, through its launcher if one runs, otherwise by its pid file.
 * The caller never gives the process id: it is a child of the launcher, or a running process whose
 * command line contains the service's name.
 */
import { waitingClock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { askControl } from './control.js';
import { waitForEnd } from './leftovers.js';
import { PidFiles } from './pid-files.js';

const endTimeoutMs = 5_000;

/** Resolves to the process id when the process is gone. */
export async function killOne(dataDir: string, name: string): Promise<number> {
  const answer = await askControl(dataDir, { command: 'kill', name });
  return answer ? Number(answer.pid) : killByFile(dataDir, name);
}

/** Without a launcher: a service that was started by hand, or that outlived its launcher. */
async function killByFile(dataDir: string, name: string): Promise<number> {
  const pids = new PidFiles(dataDir);
  const pid = pids.running(name);
  if (pid === undefined) throw new BazarError('not_found', `${name} is not running on ${dataDir}`);
  process.kill(pid, 'SIGKILL');
  await waitForEnd(pid, endTimeoutMs, waitingClock);
  pids.release(name, pid);
  return pid;
}
