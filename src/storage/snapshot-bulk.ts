/**
 * The bulk of a snapshot: pieces of any content, one after the other with their lengths. The file is
 * read, sent and checked in chunks of a fixed size, and the manifest lists their checksums. So no reader
 * holds more of it than a chunk and a piece (docs/PROTOCOL.md, R11).
 */
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.js';
import { CorruptionError } from './corruption.js';
import type { DraftFile } from './types.js';

/** Checking one takes a tenth of a millisecond, so the owner thread may do it. */
export const chunkBytes = 256 * 1024;
/** The store writes no longer piece. */
const pieceBytesMax = 64 * 1024 * 1024;
const lengthBytes = 4;

/** The manifest's fields about its bulk. */
export interface BulkSeal {
  readonly bytes: number;
  /** One for each chunk; the last chunk may be shorter. */
  readonly checksums: readonly string[];
}

export function checksumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

export function chunkCount(bytes: number): number {
  return Math.ceil(bytes / chunkBytes);
}

/** Writes pieces to a draft, chunk by chunk. */
export class BulkWriter {
  readonly #draft: DraftFile;
  readonly #chunk = new Uint8Array(chunkBytes);
  readonly #checksums: string[] = [];
  #filled = 0;
  #bytes = 0;

  constructor(draft: DraftFile) {
    this.#draft = draft;
  }

  async put(piece: Uint8Array): Promise<void> {
    assert(piece.length <= pieceBytesMax, 'a piece of a snapshot is not too long');
    const length = new Uint8Array(lengthBytes);
    new DataView(length.buffer).setUint32(0, piece.length, true);
    await this.#add(length);
    await this.#add(piece);
  }

  async end(): Promise<BulkSeal> {
    if (this.#filled > 0) await this.#flush();
    return { bytes: this.#bytes, checksums: this.#checksums };
  }

  async #add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, chunkBytes - this.#filled);
      this.#chunk.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === chunkBytes) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#chunk.subarray(0, this.#filled);
    this.#checksums.push(checksumOf(bytes));
    this.#bytes += bytes.length;
    await this.#draft.write(bytes);
    this.#filled = 0;
  }
}

/** Finds the pieces in a stream of bytes, however the bytes are divided. */
export class PieceCutter {
  readonly #file: string;
  #rest: Uint8Array = new Uint8Array(0);
  #offset = 0;

  /** Errors name `file`. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The pieces that end in these bytes; each is a view, valid until the next call. */
  *cut(bytes: Uint8Array): Generator<Uint8Array> {
    let found = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      if (found.length < lengthBytes) break;
      const length = new DataView(found.buffer, found.byteOffset).getUint32(0, true);
      if (length > pieceBytesMax) throw this.#corrupt('a piece of it is too long');
      if (found.length < lengthBytes + length) break;
      yield found.subarray(lengthBytes, lengthBytes + length);
      found = found.subarray(lengthBytes + length);
      this.#offset += lengthBytes + length;
    }
    this.#rest = new Uint8Array(found);
  }

  /** Called after the last bytes. */
  end(): void {
    if (this.#rest.length > 0) throw this.#corrupt('it ends within a piece');
  }

  #corrupt(message: string): CorruptionError {
    return new CorruptionError(this.#file, this.#offset, 'content', message);
  }
}
