/**
 * One snapshot of a folder, open for reading. It is read either as pieces, to restore a state, or as
 * parts to send to another member: the manifest first and then the bulk, several chunks per part. Each
 * chunk is compared with the manifest when it is read. The snapshot stays readable after newer ones have
 * replaced it.
 */
import path from 'node:path';
import { assert } from '../base/assert.js';
import { CorruptionError, orUnreadable } from './corruption.js';
import { checksumOf, chunkBytes, PieceCutter } from './snapshot-bulk.js';
import { encodeManifest, type Manifest, type SnapshotLabel } from './snapshot-manifest.js';
import type { Disk, DiskFile } from './types.js';

/** Chunks per part; a part waits until the previous one is acknowledged. */
const chunksTogether = 4;

export class StoredSnapshot {
  readonly #manifest: Manifest;
  readonly #file: DiskFile;
  readonly #head: Uint8Array;
  /** Called when a chunk differs from what was written. */
  readonly #spoiled: () => void;

  constructor(manifest: Manifest, file: DiskFile, spoiled: () => void) {
    this.#manifest = manifest;
    this.#file = file;
    this.#head = encodeManifest(manifest);
    this.#spoiled = spoiled;
  }

  /** Throws a CorruptionError if the bulk is missing or has the wrong length. */
  static async open(
    disk: Disk,
    folder: string,
    manifest: Manifest,
    spoiled: () => void,
  ): Promise<StoredSnapshot> {
    const { bulk, bytes } = manifest;
    const name = path.join(folder, bulk);
    const file = await openBulk(disk, name);
    const size = await file.size();
    if (size === bytes) return new StoredSnapshot(manifest, file, spoiled);
    await file.close();
    const message = `the file has ${size} bytes instead of ${bytes}`;
    throw new CorruptionError(name, Math.min(size, bytes), 'content', message);
  }

  get mark(): SnapshotLabel {
    const { seq, epoch, time, hash } = this.#manifest;
    return { seq, epoch, time, hash };
  }

  get path(): string {
    return this.#file.path;
  }

  /** Its length when sent. */
  get bytes(): number {
    return this.#head.length + this.#manifest.bytes;
  }

  /** The part to send from this offset on; the offset is the end of the previous part. */
  async read(offset: number): Promise<Uint8Array> {
    if (offset === 0) return this.#head;
    const chunks: Uint8Array[] = [];
    const from = offset - this.#head.length;
    const through = Math.min(from + chunksTogether * chunkBytes, this.#manifest.bytes);
    for (let at = from; at < through; at += chunkBytes) chunks.push(await this.#chunk(at));
    return Buffer.concat(chunks);
  }

  /** All pieces; each is valid until the next. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    const cutter = new PieceCutter(this.#file.path);
    // The next chunk is read while the consumer uses this one.
    let ahead = this.#manifest.bytes > 0 ? this.#ahead(0) : undefined;
    for (let at = chunkBytes; ahead; at += chunkBytes) {
      const bytes: Uint8Array = await ahead;
      ahead = at < this.#manifest.bytes ? this.#ahead(at) : undefined;
      yield* cutter.cut(bytes);
    }
    cutter.end();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** As `#chunk`; the result may never be awaited. */
  #ahead(at: number): Promise<Uint8Array> {
    const chunk = this.#chunk(at);
    chunk.catch(() => {});
    return chunk;
  }

  async #chunk(at: number): Promise<Uint8Array> {
    assert(at % chunkBytes === 0 && at < this.#manifest.bytes, 'a snapshot is read by its chunks');
    const bytes = await this.#read(at, Math.min(chunkBytes, this.#manifest.bytes - at));
    if (checksumOf(bytes) === this.#manifest.checksums[at / chunkBytes]) return bytes;
    this.#spoiled();
    const message = 'the content differs from its checksum';
    throw new CorruptionError(this.#file.path, at, 'content', message);
  }

  async #read(at: number, length: number): Promise<Uint8Array> {
    try {
      return await orUnreadable(this.#file.path, at, this.#file.read(at, length));
    } catch (error) {
      if (error instanceof CorruptionError) this.#spoiled();
      throw error;
    }
  }
}

async function openBulk(disk: Disk, name: string): Promise<DiskFile> {
  try {
    return await orUnreadable(name, 0, disk.open(name, 'read'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new CorruptionError(name, 0, 'content', 'the file is missing');
  }
}
