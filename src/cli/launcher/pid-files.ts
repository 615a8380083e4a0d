/**
 * The process ids of running services: `run/NAME.pid`, digits only, written by rename so that a
 * reader never gets a partial file. A pid file remains after a kill, and another process may get
 * its number. `run/NAME.process` therefore holds the start of the process and the data folder. Only
 * a process that matches both counts as the service.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';
import { processStart } from '../../base/process-start.js';

const suffix = '.pid';
const recordSuffix = '.process';
const fileMode = 0o600;
/** From the start of a process to its pid file, on a busy machine. */
const startMsMax = 60_000;
/** Clock ticks of the kernel's interface; the same on every architecture that Node supports. */
const ticksPerSecond = 100;

/** Identifies the process of a pid file. */
interface ProcessRecord {
  readonly pid: number;
  /** Empty if the system does not report it. */
  readonly started: string;
  /** Device and inode of the data folder: a copy of the folder has others. */
  readonly folder: string;
}

export class PidFiles {
  readonly folder: string;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.folder = join(dataDir, 'run');
  }

  write(name: string, pid: number): void {
    makePrivateFolder(this.folder);
    const record: ProcessRecord = {
      pid,
      started: processStart(pid),
      folder: folderId(this.#dataDir),
    };
    replaceFile(this.#recordPath(name), JSON.stringify(record));
    replaceFile(this.#path(name), String(pid));
  }

  /** Writes the file, unless another process runs under this name. */
  claim(name: string, pid: number): void {
    const other = this.running(name);
    if (other !== undefined && other !== pid) {
      const file = this.#path(name);
      throw new BazarError('conflict', `${name} runs already (pid ${other}, by ${file})`);
    }
    this.write(name, pid);
  }

  /** Removes the file if it still names this process. */
  release(name: string, pid: number): void {
    if (this.read(name) !== pid) return;
    rmSync(this.#path(name), { force: true });
    rmSync(this.#recordPath(name), { force: true });
  }

  read(name: string): number | undefined {
    try {
      const text = readFileSync(this.#path(name), 'utf8');
      return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The process of this name, if it is alive and matches its record. */
  running(name: string): number | undefined {
    const pid = this.read(name);
    if (pid === undefined || !isAlive(pid)) return undefined;
    return pid === process.pid || this.#isOurs(name, pid) ? pid : undefined;
  }

  #isOurs(name: string, pid: number): boolean {
    const record = this.#record(name);
    if (record === undefined) {
      // An earlier build wrote no record, but a member's lock names its holder.
      if (!commandLine(pid).includes(name)) return false;
      const holder = lockHolder(join(this.#dataDir, name, 'lock'));
      return holder === undefined ? this.#wroteSoonAfter(name, pid) : holder === pid;
    }
    if (record.pid !== pid || record.folder !== folderId(this.#dataDir)) return false;
    return record.started === ''
      ? commandLine(pid).includes(name)
      : record.started === processStart(pid);
  }

  /** A service writes its pid file when it starts. */
  #wroteSoonAfter(name: string, pid: number): boolean {
    const startedMs = startedWallMs(pid);
    const file = statSync(this.#path(name), { throwIfNoEntry: false });
    if (startedMs === undefined || !file) return true;
    return Math.abs(file.mtimeMs - startedMs) <= startMsMax;
  }

  #record(name: string): ProcessRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.#recordPath(name), 'utf8')) as ProcessRecord;
    } catch {
      return undefined;
    }
  }

  names(): string[] {
    try {
      const files = readdirSync(this.folder).filter((file) => file.endsWith(suffix));
      return files.map((file) => file.slice(0, -suffix.length)).sort();
    } catch {
      return [];
    }
  }

  #path(name: string): string {
    return join(this.folder, `${name}${suffix}`);
  }

  #recordPath(name: string): string {
    return join(this.folder, `${name}${recordSuffix}`);
  }
}

function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text, { mode: fileMode });
  renameSync(temporary, path);
}

/** Device and inode: a copy of the folder has others. */
export function folderId(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : '';
}

/** Wall-clock time; undefined if the system does not report it. */
function startedWallMs(pid: number): number | undefined {
  const ticks = Number(processStart(pid).split(' ')[1] ?? Number.NaN);
  if (!Number.isFinite(ticks)) return undefined;
  const sinceBootMs = (ticks / ticksPerSecond) * 1_000;
  return systemClock.wallMs() - uptime() * 1_000 + sinceBootMs;
}

function lockHolder(file: string): number | undefined {
  try {
    return Number(JSON.parse(readFileSync(file, 'utf8')).pid);
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: the process is alive and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * A zombie: it has ended, but its parent has not collected its exit code. The first process of some
 * containers never does.
 */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] === 'Z';
  } catch {
    return false;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return psCommandLine(pid);
  }
}

/** For systems without /proc. */
function psCommandLine(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
