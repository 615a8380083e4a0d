/**
 * Reads Linux's data about processes: descendants, CPU time and memory. On other systems everything is
 * undefined and the tables show a dash. Only reads; ends no process.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every Linux that Node supports. */
const msPerTick = 10;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

export interface Memory {
  readonly rssMiB: number;
  /** Counts shared pages once over all processes that share them. */
  readonly pssMiB: number;
}

/** The process and all its living descendants. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of entriesOf('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(Number(name));
    if (stat) parents.set(Number(name), stat.parent);
  }
  const family = [pid];
  // Grows during the loop: children of children.
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** User and system time of all of them, ended threads included. */
export function cpuMs(pids: readonly number[]): number | undefined {
  const stats = pids.map(statOf).filter((stat) => stat !== undefined);
  if (stats.length === 0) return undefined;
  return stats.reduce((sum, stat) => sum + stat.ticks * msPerTick, 0);
}

export function memoryOf(pid: number): Memory | undefined {
  const text = readIfThere(`/proc/${pid}/smaps_rollup`);
  const rss = /^Rss:\s+(\d+) kB/m.exec(text)?.[1];
  const pss = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
  if (rss === undefined || pss === undefined) return undefined;
  return { rssMiB: Number(rss) / 1_024, pssMiB: Number(pss) / 1_024 };
}

function statOf(pid: number): Stat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The command's name is in brackets and may contain anything; the fields after it are plain.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system] = [fields[1], fields[11], fields[12]];
  if (parent === undefined || user === undefined || system === undefined) return undefined;
  return { parent: Number(parent), ticks: Number(user) + Number(system) };
}

/** Names in a folder of /proc; none if the process has ended. */
export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Text of a file of /proc; empty if the process has ended. */
export function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
