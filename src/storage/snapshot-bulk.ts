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
  /** The piece that has begun and not ended: its length, then its bytes. Reused for each piece. */
  #held = new Uint8Array(0);
  #filled = 0;
  #offset = 0;

  /** Errors name `file`. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The pieces that end in these bytes; each is a view, valid until the next. */
  *cut(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    if (this.#filled > 0) {
      at = this.#fill(bytes, at, lengthBytes);
      if (this.#filled < lengthBytes) return;
      const whole = lengthBytes + this.#lengthAt(this.#held, 0);
      at = this.#fill(bytes, at, whole);
      if (this.#filled < whole) return;
      yield this.#held.subarray(lengthBytes, whole);
      this.#filled = 0;
      this.#offset += whole;
    }
    while (bytes.length - at >= lengthBytes) {
      const whole = lengthBytes + this.#lengthAt(bytes, at);
      if (bytes.length - at < whole) break;
      yield bytes.subarray(at + lengthBytes, at + whole);
      at += whole;
      this.#offset += whole;
    }
    this.#fill(bytes, at, bytes.length - at);
  }

  /** Called after the last bytes. */
  end(): void {
    if (this.#filled > 0) throw this.#corrupt('it ends within a piece');
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    if (length > pieceBytesMax) throw this.#corrupt('a piece of it is too long');
    return length;
  }

  /** Holds bytes from `at` on until `length` bytes are held or none is left. Returns the next place. */
  #fill(bytes: Uint8Array, at: number, length: number): number {
    if (this.#held.length < length) {
      const bigger = new Uint8Array(Math.max(length, 2 * this.#held.length));
      bigger.set(this.#held.subarray(0, this.#filled));
      this.#held = bigger;
    }
    const count = Math.max(0, Math.min(length - this.#filled, bytes.length - at));
    this.#held.set(bytes.subarray(at, at + count), this.#filled);
    this.#filled += count;
    return at + count;
  }

  #corrupt(message: string): CorruptionError {
    return new CorruptionError(this.#file, this.#offset, 'content', message);
  }
}
