/**
 * The start time of a process of this machine. The system reuses process ids; an id with its start time
 * stays unique.
 */
import { readFileSync } from 'node:fs';

/** The start of a process that has ended but whose parent has not waited for it yet. */
export const endedStart = 'ended';

/** On Linux: the boot id, and the ticks from boot to the process's start. Elsewhere empty. */
export function processStart(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  const boot = read('/proc/sys/kernel/random/boot_id');
  if (stat === undefined || boot === undefined) return '';
  // The name, in brackets, may contain anything; the fields after it are counted from the third.
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
