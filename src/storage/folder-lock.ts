/**
 * One process at a time in a data folder: a file that names its holder. A file outlives a killed
 * process, and its number may go to a stranger, so the holder's start time is in it too. Stands on
 * node:fs itself: a lock is between processes of this machine, and no simulated disk has those.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BazarError } from '../base/errors.js';

interface Holder {
  readonly pid: number;
  /** When the process started, in the system's own count; empty where the system does not tell. */
  readonly started: string;
}

export interface FolderLock {
  release(): void;
}

/** Each try takes one stale file away. */
const triesMax = 8;

/** Throws `conflict`, naming the file and the holder, where another process lives in the folder. */
export function lockFolder(folder: string): FolderLock {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'lock');
  const own: Holder = { pid: process.pid, started: startOf(process.pid) };
  const text = JSON.stringify(own);
  for (let tries = 0; tries < triesMax; tries++) {
    if (takeFile(file, text)) return { release: () => release(file, text) };
    const found = readFile(file);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder && lives(holder)) {
      throw new BazarError('conflict', `${file} is held by process ${holder.pid}`);
    }
    takeAway(file, found);
  }
  throw new BazarError('conflict', `${file} is being fought over`);
}

/** True where the file is now ours: a link is made whole or not at all. */
function takeFile(file: string, text: string): boolean {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, text);
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Moves a stale file aside; gives it back where another process was quicker and it is a new one. */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    fs.renameSync(file, aside);
    if (readFile(aside) !== stale) fs.linkSync(aside, file);
  } catch {
    // Gone already, or taken meanwhile: the next try finds out.
  }
  fs.rmSync(aside, { force: true });
}

function release(file: string, text: string): void {
  if (readFile(file) === text) fs.rmSync(file, { force: true });
}

function lives(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const started = startOf(holder.pid);
  if (started === ended) return false;
  return started === '' || holder.started === '' || started === holder.started;
}

/** The start of a process that has ended but is still in its parent's books. */
const ended = 'ended';

/** On Linux: the boot, and the ticks since it at which the process started. */
function startOf(pid: number): string {
  const stat = readFile(`/proc/${pid}/stat`);
  const boot = readFile('/proc/sys/kernel/random/boot_id');
  if (stat === undefined || boot === undefined) return '';
  // The name, in brackets, may hold anything; the fields after it are counted from the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', ticks = ''] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X') return ended;
  return `${boot.trim()} ${ticks}`;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

function readFile(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
