/**
 * The bulk of a snapshot: pieces, whatever is in them, one after the other with their lengths. The
 * file is read, sent and checked in chunks of a fixed size, whose checksums its manifest lists, so
 * that nobody ever holds more of it than a chunk and a piece (docs/PROTOCOL.md, R11).
 */
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.js';
import { CorruptionError } from './corruption.js';
import type { DraftFile } from './types.js';

/** Checking one takes a tenth of a millisecond, which is why an owner may do it. */
export const chunkBytes = 256 * 1024;
/** A longer piece is none of ours. */
const pieceBytesMax = 64 * 1024 * 1024;
const lengthBytes = 4;

/** What a manifest says of its bulk. */
export interface BulkSeal {
  readonly bytes: number;
  /** Of each chunk; the last one may be shorter. */
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

/** Finds the pieces again in what is given to it, however that is cut. */
export class PieceCutter {
  readonly #file: string;
  #rest: Uint8Array = new Uint8Array(0);
  #offset = 0;

  /** `file` is named where the pieces cannot be found. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The pieces that end in these bytes; each is a view, good until the next call. */
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

  /** Everything was given. */
  end(): void {
    if (this.#rest.length > 0) throw this.#corrupt('it ends within a piece');
  }

  #corrupt(message: string): CorruptionError {
    return new CorruptionError(this.#file, this.#offset, 'content', message);
  }
}
