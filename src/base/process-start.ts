/**
 * When a process of this machine started. A process id alone goes to another process some day; with the
 * start it names one process for good.
 */
import { readFileSync } from 'node:fs';

/** The start of a process that has ended but that its parent has not waited for yet. */
export const endedStart = 'ended';

/** On Linux the boot, and the ticks since it at which the process started; elsewhere empty. */
export function processStart(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  const boot = read('/proc/sys/kernel/random/boot_id');
  if (stat === undefined || boot === undefined) return '';
  // The name, in brackets, may hold anything; the fields after it are counted from the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', ticks = ''] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X') return endedStart;
  return `${boot.trim()} ${ticks}`;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
