/**
 * The Disk port on node:fs: files and durability, independent of their content. Invariant: a write that
 * has resolved survives a power cut, if the device syncs honestly. A replaced, drafted or preallocated
 * file has its name only when all of it is durable.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { threadId } from 'node:worker_threads';
import { makePrivateFolder } from '../base/folders.js';
import { type Deed, naming } from './disk-error.js';
import { durableFlag, NodeFile, writeAll } from './node-file.js';
import type { Disk, DraftFile } from './types.js';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants;
/**
 * Long files are written and synced in pieces of this size, so that commits do not wait for a whole
 * file.
 */
const pieceBytes = 1024 * 1024;
/** Only the owner may read journals, snapshots and identities. */
const fileMode = 0o600;

const openDescriptor: (file: string, flags: number, mode?: number) => Promise<number> = promisify(
  fs.open,
);
const closeDescriptor = promisify(fs.close);
const syncDescriptor = promisify(fs.fsync);
const syncData = promisify(fs.fdatasync);

let temporaryFiles = 0;

export function createNodeDisk(): Disk {
  return {
    async open(file, mode) {
      const flags = mode === 'read' ? O_RDONLY : O_RDWR | durableFlag;
      return new NodeFile(file, await naming('open', file, openDescriptor(file, flags)));
    },
    async preallocate(file, size, head = new Uint8Array(0)) {
      const draft = await NodeDraft.open(file);
      await draft.write(head);
      const zeros = new Uint8Array(Math.min(pieceBytes, size));
      for (let at = head.length; at < size; at += zeros.length) {
        await draft.write(zeros.subarray(0, Math.min(zeros.length, size - at)));
      }
      await draft.finish(file);
      return this.open(file, 'write');
    },
    async replace(file, bytes) {
      const draft = await NodeDraft.open(file);
      await draft.write(bytes);
      await draft.finish(file);
    },
    async create(file, bytes) {
      const draft = await NodeDraft.open(file);
      await draft.write(bytes);
      try {
        await draft.finish(file, nameOnce);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
    },
    draft: (file) => NodeDraft.open(file),
    readFile(file) {
      return unlessMissing('read', file, fs.promises.readFile(file), undefined);
    },
    async list(folder) {
      const listed = fs.promises.readdir(folder, { withFileTypes: true });
      const found = await unlessMissing('list', folder, listed, []);
      const files = found.filter((item) => !item.isDirectory());
      return files.map((item) => item.name).sort();
    },
    async makeFolder(folder) {
      const making = (async () => makePrivateFolder(folder))();
      const first = await naming('make', folder, making);
      if (first === undefined) return;
      for (let made = path.resolve(folder); ; made = path.dirname(made)) {
        await syncFolder(path.dirname(made));
        if (made === path.resolve(first)) return;
      }
    },
    async remove(file) {
      const removing = fs.promises.unlink(file).then(() => syncFolder(path.dirname(file)));
      await unlessMissing('remove', file, removing, undefined);
    },
  };
}

/** tmp → fsync → rename → fsync of the folder (docs/PROTOCOL.md, R11). */
class NodeDraft implements DraftFile {
  readonly #temporary: string;
  readonly #descriptor: number;
  #end = 0;
  #synced = 0;
  #closed = false;

  private constructor(temporary: string, descriptor: number) {
    this.#temporary = temporary;
    this.#descriptor = descriptor;
  }

  static async open(file: string): Promise<NodeDraft> {
    temporaryFiles++;
    const temporary = `${file}.${process.pid}-${threadId}-${temporaryFiles}.tmp`;
    const opening = openDescriptor(temporary, O_RDWR | O_CREAT | O_EXCL, fileMode);
    return new NodeDraft(temporary, await naming('open', temporary, opening));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#orDiscard('write', async () => {
      await writeAll(this.#descriptor, bytes, this.#end);
      this.#end += bytes.length;
      if (this.#end - this.#synced < pieceBytes) return;
      await syncData(this.#descriptor);
      this.#synced = this.#end;
    });
  }

  async finish(file: string, name: Naming = fs.promises.rename): Promise<void> {
    await this.#orDiscard('write', () => syncDescriptor(this.#descriptor));
    this.#closed = true;
    await closeDescriptor(this.#descriptor);
    try {
      await naming('name', file, name(this.#temporary, file));
    } catch (error) {
      await this.#unlink();
      throw error;
    }
    await syncFolder(path.dirname(file));
  }

  async discard(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await closeDescriptor(this.#descriptor);
    await this.#unlink();
  }

  /** Removes the unfinished part of a file, so that it does not fill the disk. */
  async #orDiscard(deed: Deed, work: () => Promise<void>): Promise<void> {
    try {
      await naming(deed, this.#temporary, work());
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  async #unlink(): Promise<void> {
    await fs.promises.unlink(this.#temporary).catch(() => undefined);
  }
}

type Naming = (temporary: string, file: string) => Promise<void>;

/** A second link, unlike a rename, does not replace a file that already has the name. */
async function nameOnce(temporary: string, file: string): Promise<void> {
  await fs.promises.link(temporary, file);
  await fs.promises.unlink(temporary);
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot sync a folder; its file systems log names.
  if (process.platform === 'win32') return;
  const descriptor = await naming('open', folder, openDescriptor(folder, O_RDONLY));
  try {
    await naming('write', folder, syncDescriptor(descriptor));
  } finally {
    await closeDescriptor(descriptor);
  }
}

async function unlessMissing<T, U>(
  deed: Deed,
  file: string,
  work: Promise<T>,
  missing: U,
): Promise<T | U> {
  try {
    return await naming(deed, file, work);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return missing;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
