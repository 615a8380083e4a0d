/**
 * One open file of the real disk: reads, and writes that are durable when they resolve. Invariant: its
 * descriptor is closed only when no operation uses it.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { type Deed, naming } from './disk-error.js';
import type { DiskFile } from './types.js';

/**
 * Where it exists, one write to a descriptor opened with it costs less than a write and an fdatasync.
 */
export const durableFlag = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;

/** Larger writes go to the file threads; so do all writes for a while after one that took this long. */
const inPlaceBytesMax = 256 * 1024;
const inPlaceMsMax = 3;
const writesAfterSlow = 64;

const closeDescriptor = promisify(fs.close);
const syncData = promisify(fs.fdatasync);
const statDescriptor = promisify(fs.fstat);

/**
 * An open descriptor. It is closed only when no operation uses it, because the system reuses its number.
 */
export class NodeFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #patience = new Patience();
  #busy = 0;
  #closed = false;
  #tellIdle: () => void = () => {};

  constructor(file: string, descriptor: number) {
    this.path = file;
    this.#descriptor = descriptor;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#use('read', async () => {
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      let done = 0;
      while (done < length) {
        const count = await readSome(this.#descriptor, bytes, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done === length ? bytes : bytes.subarray(0, done);
    });
  }

  writeDurably(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#use('write', async () => {
      if (durableFlag !== 0 && this.#patience.allows(bytes.length)) {
        await endOfTurn();
        this.#patience.took(writeInPlace(this.#descriptor, bytes, offset));
        return;
      }
      await writeAll(this.#descriptor, bytes, offset);
      if (durableFlag === 0) await syncData(this.#descriptor);
    });
  }

  size(): Promise<number> {
    return this.#use('read', async () => (await statDescriptor(this.#descriptor)).size);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        this.#tellIdle = resolve;
      });
    }
    await closeDescriptor(this.#descriptor);
  }

  async #use<T>(deed: Deed, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error(`${this.path}: the file is closed`);
    this.#busy++;
    try {
      return await naming(deed, this.path, work());
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#tellIdle();
    }
  }
}

/**
 * Decides whether the calling thread or a file thread makes a write. Two hand-overs between threads cost
 * as much as a small write to a good disk, so the thread waits itself while the disk is fast. After a
 * slow write it uses the file threads for a while.
 */
class Patience {
  #writesUntilTried = 0;

  allows(bytes: number): boolean {
    if (bytes > inPlaceBytesMax) return false;
    if (this.#writesUntilTried === 0) return true;
    this.#writesUntilTried--;
    return false;
  }

  took(ms: number): void {
    if (ms > inPlaceMsMax) this.#writesUntilTried = writesAfterSlow;
  }
}

/** The output of this turn leaves before the thread blocks. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Writes all bytes to a descriptor with durable writes; returns how long it took. */
function writeInPlace(descriptor: number, bytes: Uint8Array, offset: number): number {
  const start = process.hrtime();
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
  }
  const [seconds, nanos] = process.hrtime(start);
  return seconds * 1_000 + nanos / 1e6;
}

function readSome(
  descriptor: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  offset: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, bytes, start, length, offset, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}

/** Resolves when the kernel has all bytes; continues after a short write. */
export function writeAll(descriptor: number, bytes: Uint8Array, offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const writeFrom = (done: number): void => {
      if (done === bytes.length) {
        resolve();
        return;
      }
      const left = bytes.length - done;
      fs.write(descriptor, bytes, done, left, offset + done, (error, count) => {
        if (error) reject(error);
        else writeFrom(done + count);
      });
    };
    writeFrom(0);
  });
}
