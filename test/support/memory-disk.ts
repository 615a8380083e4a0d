/**
 * The Disk port in memory, for tests and the simulator. It has no time and no chance of its own:
 * steps finish in the same turn, or when the given clock says so. What was written but not synced
 * can be read, as from a page cache, and may be torn or lost by `crash`; so may names.
 */
import path from 'node:path';
import type { Clock } from '../../src/base/clock.js';
import type { Random } from '../../src/base/random.js';
import { DiskError } from '../../src/storage/disk-error.js';
import type { Disk, DiskFile, DraftFile } from '../../src/storage/types.js';

/** What the disk does, one step at a time; a crash can fall between any two. */
export interface DiskStep {
  readonly kind: 'read' | 'write' | 'sync' | 'rename' | 'remove' | 'sync-folder';
  readonly path: string;
  readonly bytes: number;
  /** Of a read within a file. */
  readonly offset?: number;
}

/** `fail`: the step is refused, as by EIO; what it wrote may or may not be kept. `hang`: it never ends. */
export type Fault = 'none' | 'fail' | 'hang';

export interface MemoryDiskOptions {
  /** With `latencyMs`, how long each step takes. */
  readonly clock?: Clock;
  readonly latencyMs?: (step: DiskStep) => number;
}

/** The smallest piece that a real device writes whole. */
const sectorBytes = 512;

interface Unsynced {
  readonly offset: number;
  readonly before: Uint8Array;
}

/** A piece of a write that was under way when the power went. */
export interface TornPiece {
  readonly path: string;
  readonly offset: number;
  /** Among the pieces of its write. */
  readonly index: number;
  /** Bytes of the whole write. */
  readonly of: number;
}

interface Content {
  bytes: Uint8Array;
  unsynced: Unsynced[];
}

/** One change of a folder that is not synced yet; `content` undefined removes the name. */
interface NameChange {
  readonly path: string;
  readonly content: Content | undefined;
}

export class MemoryDisk implements Disk {
  /** Decides each step's fate, and is told of each: a recording disk sets it as well. */
  fault: ((step: DiskStep) => Fault) | undefined;
  readonly #options: MemoryDiskOptions;
  #names = new Map<string, Content>();
  #durable = new Map<string, Content>();
  #changes: NameChange[] = [];
  #life = 0;
  #temporaries = 0;

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options;
  }

  async open(file: string): Promise<DiskFile> {
    return this.#handle(file, this.#content(file));
  }

  async preallocate(file: string, size: number, head?: Uint8Array): Promise<DiskFile> {
    const bytes = new Uint8Array(size);
    if (head) bytes.set(head);
    await this.#writeThenRename(file, bytes);
    return this.#handle(file, this.#content(file));
  }

  async replace(file: string, bytes: Uint8Array): Promise<void> {
    await this.#writeThenRename(file, bytes.slice());
  }

  async create(file: string, bytes: Uint8Array): Promise<boolean> {
    if (this.#names.has(file)) return false;
    return this.#writeThenRename(file, bytes.slice(), 'unless there');
  }

  async draft(file: string): Promise<DraftFile> {
    this.#temporaries++;
    const temporary = `${file}.${this.#temporaries}.tmp`;
    const content: Content = { bytes: new Uint8Array(0), unsynced: [] };
    const life = this.#life;
    this.#change(temporary, content);
    return {
      write: async (bytes) => {
        if (life !== this.#life) return never();
        writeUnsynced(content, content.bytes.length, bytes);
        await this.#step({ kind: 'write', path: temporary, bytes: bytes.length }, life);
      },
      finish: async (named) => {
        await this.#finish(temporary, content, named, 'always', life);
      },
      discard: async () => {
        if (this.#names.get(temporary) === content) this.#change(temporary, undefined);
      },
    };
  }

  async readFile(file: string): Promise<Uint8Array | undefined> {
    await this.#step({ kind: 'read', path: file, bytes: 0 });
    return this.#names.get(file)?.bytes.slice();
  }

  async list(folder: string): Promise<string[]> {
    const inside = [...this.#names.keys()].filter((file) => path.dirname(file) === folder);
    return inside.map((file) => path.basename(file)).sort();
  }

  async makeFolder(_folder: string): Promise<void> {}

  async remove(file: string): Promise<void> {
    if (!this.#names.has(file)) return;
    await this.#step({ kind: 'remove', path: file, bytes: 0 });
    this.#change(file, undefined);
    await this.#syncFolder(file);
  }

  /**
   * The machine stops: whatever is under way never ends, and what was not synced is kept, lost or
   * torn by pieces of `tornBytes`. Then the disk can be used again, by the next process.
   */
  crash(random: Random, tornBytes = sectorBytes): void {
    this.#stop((write) => pickTear(write.before.length, tornBytes, random));
    // A file system logs its names in order: a first part of the changes is there.
    this.#settleNames(random.integer(this.#changes.length + 1));
  }

  /**
   * As `crash`, with each fate decided by the caller: `keeps` for each piece of each unsynced write,
   * and how many of the changes of names the disk got.
   */
  cutPower(tornBytes: number, keeps: (at: TornPiece) => boolean, namesKept = 0): void {
    this.#stop(({ offset, before }, path) => (at) => {
      const start = Math.floor(at / tornBytes) * tornBytes;
      return keeps({ path, offset: offset + start, index: start / tornBytes, of: before.length });
    });
    this.#settleNames(Math.min(namesKept, this.#changes.length));
  }

  #stop(survival: (write: Unsynced, path: string) => (at: number) => boolean): void {
    this.#life++;
    const paths = new Map<Content, string>();
    for (const [path, content] of [...this.#names, ...this.#durable]) paths.set(content, path);
    for (const [content, path] of paths) {
      for (const write of content.unsynced.reverse()) {
        tear(content.bytes, write, survival(write, path));
      }
      content.unsynced = [];
    }
  }

  #settleNames(kept: number): void {
    for (const change of this.#changes.slice(0, kept)) applyChange(this.#durable, change);
    this.#changes = [];
    this.#names = new Map(this.#durable);
  }

  /** The process stops but not the machine: what it wrote stays, what is under way never ends. */
  kill(): void {
    this.#life++;
  }

  /** Bit rot: turns one bit of a file. */
  flipBit(file: string, offset: number, bit = 0): void {
    const { bytes } = this.#content(file);
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  }

  /** Cuts a file off, as no crash does. */
  cut(file: string, size: number): void {
    const content = this.#content(file);
    content.bytes = content.bytes.slice(0, size);
  }

  /** Loses a file, or all files in and under a folder. */
  erase(place: string): void {
    const isLost = (file: string): boolean => file === place || file.startsWith(`${place}/`);
    for (const file of [...this.#names.keys(), ...this.#durable.keys()].filter(isLost)) {
      this.#names.delete(file);
      this.#durable.delete(file);
    }
    this.#changes = this.#changes.filter((change) => !isLost(change.path));
  }

  /** The bytes of a file, as they can be read now. */
  peek(file: string): Uint8Array {
    return this.#content(file).bytes;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** Another disk with the same files, all of them synced. */
  copy(options: MemoryDiskOptions = this.#options): MemoryDisk {
    const twin = new MemoryDisk(options);
    for (const [file, content] of this.#names) {
      const same = { bytes: content.bytes.slice(), unsynced: [] };
      twin.#names.set(file, same);
      twin.#durable.set(file, same);
    }
    return twin;
  }

  /** A handle dies with the process that opened it. */
  #handle(file: string, content: Content): DiskFile {
    const life = this.#life;
    return {
      path: file,
      read: async (offset, length) => {
        await this.#step({ kind: 'read', path: file, bytes: length, offset }, life);
        return content.bytes.slice(offset, offset + length);
      },
      writeDurably: async (offset, bytes) => {
        if (life !== this.#life) return never();
        const write = writeUnsynced(content, offset, bytes);
        await this.#step({ kind: 'write', path: file, bytes: bytes.length }, life);
        content.unsynced = content.unsynced.filter((one) => one !== write);
      },
      size: async () => content.bytes.length,
      close: async () => {},
    };
  }

  async #writeThenRename(
    file: string,
    bytes: Uint8Array,
    over: 'always' | 'unless there' = 'always',
  ): Promise<boolean> {
    this.#temporaries++;
    const temporary = `${file}.${this.#temporaries}.tmp`;
    const content: Content = { bytes: new Uint8Array(bytes.length), unsynced: [] };
    this.#change(temporary, content);
    writeUnsynced(content, 0, bytes);
    await this.#step({ kind: 'write', path: temporary, bytes: bytes.length });
    return this.#finish(temporary, content, file, over);
  }

  /** False where the name is taken and shall not be taken over. */
  async #finish(
    temporary: string,
    content: Content,
    file: string,
    over: 'always' | 'unless there',
    life = this.#life,
  ): Promise<boolean> {
    await this.#step({ kind: 'sync', path: temporary, bytes: 0 }, life);
    content.unsynced = [];
    await this.#step({ kind: 'rename', path: file, bytes: 0 }, life);
    const named = over === 'always' || !this.#names.has(file);
    if (named) this.#change(file, content);
    this.#change(temporary, undefined);
    if (named) await this.#syncFolder(file);
    return named;
  }

  async #syncFolder(file: string): Promise<void> {
    const folder = path.dirname(file);
    await this.#step({ kind: 'sync-folder', path: folder, bytes: 0 });
    const synced = this.#changes.filter((change) => path.dirname(change.path) === folder);
    for (const change of synced) applyChange(this.#durable, change);
    this.#changes = this.#changes.filter((change) => path.dirname(change.path) !== folder);
  }

  #change(file: string, content: Content | undefined): void {
    const change = { path: file, content };
    applyChange(this.#names, change);
    this.#changes.push(change);
  }

  #content(file: string): Content {
    const content = this.#names.get(file);
    if (content) return content;
    throw Object.assign(new Error(`ENOENT: no such file '${file}'`), { code: 'ENOENT' });
  }

  async #step(step: DiskStep, life = this.#life): Promise<void> {
    const fault = this.fault?.(step) ?? 'none';
    const { clock, latencyMs } = this.#options;
    const waitMs = latencyMs?.(step) ?? 0;
    if (clock && waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    else await undefined;
    if (fault === 'hang' || life !== this.#life) await never();
    if (fault === 'fail') {
      throw new DiskError(step.kind === 'read' ? 'read' : 'write', step.path, 'EIO', 'i/o error');
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function applyChange(names: Map<string, Content>, change: NameChange): void {
  if (change.content) names.set(change.path, change.content);
  else names.delete(change.path);
}

function writeUnsynced(content: Content, offset: number, bytes: Uint8Array): Unsynced {
  const end = offset + bytes.length;
  if (end > content.bytes.length) {
    const longer = new Uint8Array(end);
    longer.set(content.bytes);
    content.bytes = longer;
  }
  const write = { offset, before: content.bytes.slice(offset, end) };
  content.bytes.set(bytes, offset);
  content.unsynced.push(write);
  return write;
}

/** A third of the unsynced writes is lost whole, a third is kept whole, a third is torn. */
function pickTear(length: number, tornBytes: number, random: Random): (at: number) => boolean {
  const fate = random.integer(3);
  if (fate !== 2) return () => fate === 1;
  const kept: boolean[] = [];
  for (let at = 0; at < length; at += tornBytes) kept.push(random.integer(2) !== 0);
  return (at) => kept[Math.floor(at / tornBytes)] === true;
}

/** Brings back what stood in the sectors that the disk did not get. */
function tear(bytes: Uint8Array, write: Unsynced, keeps: (at: number) => boolean): void {
  for (let at = 0; at < write.before.length; at += sectorBytes) {
    if (keeps(at)) continue;
    bytes.set(write.before.subarray(at, at + sectorBytes), write.offset + at);
  }
}
