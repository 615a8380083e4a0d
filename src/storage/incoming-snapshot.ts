/**
 * A snapshot that arrives from another member: the manifest first, then the bulk's chunks. Each chunk is
 * compared with the manifest and written on arrival. Invariant: it gets its name, so that a restart can
 * find it, only when it is complete and durable (docs/PROTOCOL.md, R11).
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
  /** Makes it the newest snapshot of its folder. */
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

  /** Writes one part; one call at a time. Throws a CorruptionError if it differs from the manifest. */
  write(bytes: Uint8Array): Promise<void> {
    assert(!this.#over, 'a snapshot that is over takes no more');
    this.#writing = this.#writePart(bytes);
    return this.#writing;
  }

  /** Durable when it resolves. Throws a CorruptionError if a part is missing. */
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

  /** Ends an incomplete snapshot and removes its parts. */
  async discard(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    // The writer has already received the error.
    await this.#writing.catch(() => {});
    await this.#draft?.discard();
  }

  async #writePart(bytes: Uint8Array): Promise<void> {
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
