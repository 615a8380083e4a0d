/**
 * The process ids of running services: `run/NAME.pid`, digits only, written by rename so that a
 * reader never sees half of one. A file outlives a killed process and its number may go to a
 * stranger, so a process counts as the service only while its command line carries the name.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';

const suffix = '.pid';

export class PidFiles {
  readonly folder: string;

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'run');
  }

  write(name: string, pid: number): void {
    makePrivateFolder(this.folder);
    const path = this.#path(name);
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, String(pid));
    renameSync(temporary, path);
  }

  /** Writes, unless another process runs under this name. */
  claim(name: string, pid: number): void {
    const other = this.running(name);
    if (other !== undefined && other !== pid) {
      const file = this.#path(name);
      throw new BazarError('conflict', `${name} runs already (pid ${other}, by ${file})`);
    }
    this.write(name, pid);
  }

  /** Removes the file if it still is about this process. */
  release(name: string, pid: number): void {
    if (this.read(name) === pid) rmSync(this.#path(name), { force: true });
  }

  read(name: string): number | undefined {
    try {
      const text = readFileSync(this.#path(name), 'utf8');
      return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The process of this name, if it is alive and is what the file says. */
  running(name: string): number | undefined {
    const pid = this.read(name);
    if (pid === undefined || !isAlive(pid)) return undefined;
    return pid === process.pid || commandLine(pid).includes(name) ? pid : undefined;
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
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ended, but its parent has not asked how: some containers' first process never does. */
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

/** Where there is no /proc. */
function psCommandLine(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
