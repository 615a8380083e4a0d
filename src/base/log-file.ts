/**
 * A log file, written synchronously line by line, so that a crash loses no line. Renaming keeps it below
 * a size: `NAME.log` becomes `NAME.log.1`, that one `NAME.log.2` … Every thread of a process has its own
 * descriptor. One thread rotates the file, and the others notice that the path names another file.
 * Invariant: a line goes completely into one of the files, even during a rotation.
 */
import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, every, type Timer } from './clock.js';
import { makeFolder } from './folders.js';

const lookEveryMs = 1_000;

export interface LogFileSettings {
  readonly path: string;
  /** A file of this size is rotated. */
  readonly bytesMax: number;
  /** Number of old files kept. */
  readonly kept: number;
}

export class LogFile {
  readonly #path: string;
  #descriptor: number | undefined;
  #inode = 0;
  #lost = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** A full disk must not stop the program: the line is dropped and counted. */
  write(line: string): void {
    try {
      const descriptor = this.#current();
      if (this.#lost > 0) {
        writeSync(descriptor, `${this.#lost} lines of this log could not be written\n`);
        this.#lost = 0;
      }
      writeSync(descriptor, line);
    } catch {
      this.#lost++;
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #current(): number {
    const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino;
    if (this.#descriptor !== undefined && inode === this.#inode) return this.#descriptor;
    this.close();
    makeFolder(dirname(this.#path));
    const descriptor = openSync(this.#path, 'a');
    this.#descriptor = descriptor;
    this.#inode = fstatSync(descriptor).ino;
    return descriptor;
  }
}

/** Rotates the file when needed, as long as the process lives. Retries after a failure. */
export function keepSmall(settings: LogFileSettings, clock: Clock): Timer {
  return every(clock, lookEveryMs, () => {
    try {
      turnOver(settings);
    } catch {
      // For example, the folder is missing for the moment; the log grows until then.
    }
  });
}

/** Rotates the file if it has grown too large. Only one thread of one process may call it. */
export function turnOver({ path, bytesMax, kept }: LogFileSettings): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < bytesMax) return;
  rmSync(`${path}.${kept}`, { force: true });
  for (let n = kept - 1; n >= 1; n--) moveIfThere(`${path}.${n}`, `${path}.${n + 1}`);
  if (kept === 0) rmSync(path, { force: true });
  else renameSync(path, `${path}.1`);
}

function moveIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}
