/**
 * A log's file, written line by line and at once, so that a crash loses none, and kept below a size
 * by renaming: `NAME.log` becomes `NAME.log.1`, that one `NAME.log.2` … Every thread of a process has
 * the file open for itself; one alone turns it over, and the others notice that the path names
 * another file. Invariant: a line goes whole into one of the files, whoever turns it over meanwhile.
 */
import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, every, type Timer } from './clock.js';
import { makeFolder } from './folders.js';

const lookEveryMs = 1_000;

export interface LogFileSettings {
  readonly path: string;
  /** A file this large is turned over. */
  readonly bytesMax: number;
  /** Files kept beside the one that is written. */
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

  /** A full disk must not stop what is logged: the line is dropped and counted. */
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

/** Keeps the file small for as long as the process lives. What fails is tried again. */
export function keepSmall(settings: LogFileSettings, clock: Clock): Timer {
  return every(clock, lookEveryMs, () => {
    try {
      turnOver(settings);
    } catch {
      // As where the folder is gone for the moment; the log grows on until then.
    }
  });
}

/** Turns the file over where it has grown too large. For one thread of one process alone. */
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
