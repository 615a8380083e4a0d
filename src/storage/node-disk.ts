/**
 * The Disk port on node:fs. It knows files and durability, nothing of what is in them.
 * Invariant: what has resolved survives a power cut, as far as the device keeps its word; a file
 * that is replaced or preallocated has its name only when all of it is durable.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { threadId } from 'node:worker_threads';
import type { Disk, DiskFile } from './types.js';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants;
/** One write to a descriptor opened so costs less than a write and an fdatasync, where it exists. */
const durableFlag = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;
/** Zeros are written and synced in pieces, so that commits beside them do not wait for all of it. */
const zeroBytes = 1024 * 1024;

/** Larger writes are left to the file threads, and all for a while after one that took so long. */
const inPlaceBytesMax = 256 * 1024;
const inPlaceMsMax = 3;
const writesAfterSlow = 64;

const openDescriptor: (file: string, flags: number) => Promise<number> = promisify(fs.open);
const closeDescriptor = promisify(fs.close);
const syncDescriptor = promisify(fs.fsync);
const syncData = promisify(fs.fdatasync);
const statDescriptor = promisify(fs.fstat);

let temporaryFiles = 0;

export function createNodeDisk(): Disk {
  return {
    async open(file, mode) {
      const flags = mode === 'read' ? O_RDONLY : O_RDWR | durableFlag;
      return new NodeFile(file, await openDescriptor(file, flags));
    },
    async preallocate(file, size, head = new Uint8Array(0)) {
      await writeThenName(file, (descriptor) => writeZeros(descriptor, size, head));
      return new NodeFile(file, await openDescriptor(file, O_RDWR | durableFlag));
    },
    replace(file, bytes) {
      return writeThenName(file, (descriptor) => writeAll(descriptor, bytes, 0));
    },
    async create(file, bytes) {
      try {
        await writeThenName(file, (descriptor) => writeAll(descriptor, bytes, 0), nameOnce);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
    },
    readFile(file) {
      return unlessMissing(fs.promises.readFile(file), undefined);
    },
    async list(folder) {
      const found = await unlessMissing(fs.promises.readdir(folder, { withFileTypes: true }), []);
      const files = found.filter((item) => !item.isDirectory());
      return files.map((item) => item.name).sort();
    },
    async makeFolder(folder) {
      const first = await fs.promises.mkdir(folder, { recursive: true });
      if (first === undefined) return;
      for (let made = path.resolve(folder); ; made = path.dirname(made)) {
        await syncFolder(path.dirname(made));
        if (made === path.resolve(first)) return;
      }
    },
    async remove(file) {
      await unlessMissing(
        fs.promises.unlink(file).then(() => syncFolder(path.dirname(file))),
        undefined,
      );
    },
  };
}

/** An open descriptor; it is closed only when nothing uses it, for its number is given out anew. */
class NodeFile implements DiskFile {
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
    return this.#use(async () => {
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
    return this.#use(async () => {
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
    return this.#use(async () => (await statDescriptor(this.#descriptor)).size);
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

  async #use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error(`${this.path}: the file is closed`);
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#tellIdle();
    }
  }
}

/**
 * Whether a write is made in place, by the thread that asks, or by the file threads. Two hand-overs
 * between threads cost as much as a small write to a good disk, so the thread waits itself as long
 * as the disk is quick; after a slow write it does not, for a while.
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

/** What this turn has to send leaves before the thread stands still. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Writes all bytes to a descriptor that makes them durable; returns how long it took. */
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

/** Resolves when all bytes are with the kernel; a short write is gone on with. */
function writeAll(descriptor: number, bytes: Uint8Array, offset: number): Promise<void> {
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

async function writeZeros(descriptor: number, size: number, head: Uint8Array): Promise<void> {
  await writeAll(descriptor, head, 0);
  const zeros = new Uint8Array(Math.min(zeroBytes, size));
  for (let offset = head.length; offset < size; offset += zeros.length) {
    await writeAll(descriptor, zeros.subarray(0, Math.min(zeros.length, size - offset)), offset);
    await syncData(descriptor);
  }
}

/** tmp → fsync → rename → fsync of the folder (docs/PROTOCOL.md, R11). */
async function writeThenName(
  file: string,
  write: (descriptor: number) => Promise<void>,
  name: (temporary: string, file: string) => Promise<void> = fs.promises.rename,
): Promise<void> {
  temporaryFiles++;
  const temporary = `${file}.${process.pid}-${threadId}-${temporaryFiles}.tmp`;
  const descriptor = await openDescriptor(temporary, O_RDWR | O_CREAT | O_EXCL);
  try {
    try {
      await write(descriptor);
      await syncDescriptor(descriptor);
    } finally {
      await closeDescriptor(descriptor);
    }
    await name(temporary, file);
  } catch (error) {
    await fs.promises.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/** A second link, unlike a rename, leaves a file alone that has the name already. */
async function nameOnce(temporary: string, file: string): Promise<void> {
  await fs.promises.link(temporary, file);
  await fs.promises.unlink(temporary);
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no way to sync a folder; its file systems log their names.
  if (process.platform === 'win32') return;
  const descriptor = await openDescriptor(folder, O_RDONLY);
  try {
    await syncDescriptor(descriptor);
  } finally {
    await closeDescriptor(descriptor);
  }
}

async function unlessMissing<T, U>(work: Promise<T>, missing: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return missing;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
