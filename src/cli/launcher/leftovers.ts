/**
 * Services whose launcher was killed or ended with its terminal. `up` refuses to start beside them,
 * and `down` stops them by their pid files.
 */
import { type Clock, sleep } from '../../base/clock.js';
import { type ServiceKind, stages } from '../service/service-order.js';
import { isAlive, type PidFiles } from './pid-files.js';

const pollMs = 25;
const stopTimeoutMs = 12_000;

export interface Leftover {
  readonly name: string;
  readonly pid: number;
}

export const launcherName = 'launcher';

/**
 * Running services by their pid files, in start order; deletes the pid files of processes that have
 * ended.
 */
export function findLeftovers(pids: PidFiles): Leftover[] {
  const found: Leftover[] = [];
  for (const name of pids.names()) {
    if (name === launcherName) continue;
    const pid = pids.running(name);
    const recorded = pids.read(name);
    if (pid !== undefined) found.push({ name, pid });
    else if (recorded !== undefined) pids.release(name, recorded);
  }
  return found.sort((a, b) => stage(a.name) - stage(b.name));
}

/** Stops them kind by kind, the frontends first. */
export async function stopLeftovers(
  leftovers: readonly Leftover[],
  pids: PidFiles,
  clock: Clock,
): Promise<void> {
  const toStop = [...new Set(leftovers.map(({ name }) => stage(name)))].sort((a, b) => b - a);
  for (const now of toStop) {
    const these = leftovers.filter(({ name }) => stage(name) === now);
    await Promise.all(these.map(({ name, pid }) => stopOne(name, pid, pids, clock)));
  }
}

async function stopOne(service: string, pid: number, pids: PidFiles, clock: Clock): Promise<void> {
  // Check before each signal, because another process may have this process id now.
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    if (pids.running(service) === pid) signal(pid, name);
    if (await waitForEnd(pid, stopTimeoutMs, clock)) break;
  }
  pids.release(service, pid);
}

/** True if the process ended in time. */
export async function waitForEnd(pid: number, limitMs: number, clock: Clock): Promise<boolean> {
  const endMs = clock.nowMs() + limitMs;
  while (isAlive(pid)) {
    if (clock.nowMs() >= endMs) return false;
    await sleep(clock, pollMs);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended since the check.
  }
}

function stage(name: string): number {
  return stages.indexOf(name.replace(/-\d+$/, '') as ServiceKind);
}
