/**
 * A snapshot on its way from another member: the manifest first, then the bulk's chunks, each
 * compared with the manifest and written as it comes. Invariant: it has its name, and so can be
 * found by a restart, only when all of it is there and durable (docs/PROTOCOL.md, R11).
 */
import path from 'node:path';
import { assert } from '../base/assert.js';
import { CorruptionError } from './corruption.js';
import { checksumOf, chunkBytes, chunkCount } from './snapshot-bulk.js';
import { decodeManifest, type Manifest, type SnapshotLabel } from './snapshot-manifest.js';
import type { Disk, DraftFile } from './types.js';

const source = 'a snapshot from another member';

export class IncomingSnapshot {
  readonly #disk: Disk;
  readonly #folder: string;
  /** Makes it the newest of its folder. */
  readonly #keep: (manifest: Manifest) => Promise<void>;
  #manifest: Manifest | undefined;
  #draft: DraftFile | undefined;
  #chunks = 0;
  #over = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(disk: Disk, folder: string, keep: (manifest: Manifest) => Promise<void>) {
    this.#disk = disk;
    this.#folder = folder;
    this.#keep = keep;
  }

  /** One part at a time. Throws a CorruptionError where it is not what the manifest says. */
  write(bytes: Uint8Array): Promise<void> {
    assert(!this.#over, 'a snapshot that is over takes no more');
    this.#writing = this.#take(bytes);
    return this.#writing;
  }

  /** Durable when it resolves. Throws a CorruptionError where a part of it is missing. */
  async finish(): Promise<SnapshotLabel> {
    const [manifest, draft] = [this.#manifest, this.#draft];
    if (!manifest || !draft || this.#chunks < chunkCount(manifest.bytes)) {
      throw new CorruptionError(source, this.#chunks * chunkBytes, 'content', 'it is not whole');
    }
    this.#over = true;
    await draft.finish(path.join(this.#folder, manifest.bulk));
    await this.#keep(manifest);
    return manifest;
  }

  /** It will not come to its end: what there is of it goes. */
  async discard(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    // Whoever wrote has heard of it.
    await this.#writing.catch(() => {});
    await this.#draft?.discard();
  }

  async #take(bytes: Uint8Array): Promise<void> {
    if (this.#manifest && this.#draft) {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        const chunk = bytes.subarray(at, at + chunkBytes);
        await this.#writeChunk(this.#manifest, this.#draft, chunk);
      }
      return;
    }
    this.#manifest = decodeManifest(source, bytes);
    await this.#disk.makeFolder(this.#folder);
    this.#draft = await this.#disk.draft(path.join(this.#folder, 'incoming'));
  }

  async #writeChunk(manifest: Manifest, draft: DraftFile, bytes: Uint8Array): Promise<void> {
    const at = this.#chunks * chunkBytes;
    const length = Math.min(chunkBytes, manifest.bytes - at);
    if (bytes.length !== length || checksumOf(bytes) !== manifest.checksums[this.#chunks]) {
      throw new CorruptionError(source, at, 'content', 'the content differs from its checksum');
    }
    this.#chunks++;
    await draft.write(bytes);
  }
}
