/**
 * Frames: a 4-byte big-endian length and that many bytes. The parser takes chunks of any size and yields
 * frames in place; the writer collects frames until the end of a turn. Neither depends on sockets or on
 * a frame's content. Invariant: every length is checked against the limit before use.
 */
import { assert } from '../base/assert.js';
import { copyInto, copyOfFirst } from '../base/bytes.js';
import { BazarError } from '../base/errors.js';

export const headerBytes = 4;
/**
 * A frame split over chunks is collected in a buffer that starts at this size and grows as bytes arrive.
 */
const gatherBytesMin = 1_024;
const writerBytesMin = 1_024;
/** A writer starts its next buffer as large as its last output, up to this size. */
const writerBytesStart = 65_536;
/** A larger buffer is not kept for small outputs, because most sessions are idle most of the time. */
const writerBytesKept = 8_192;
/**
 * Up to this size the output of a turn is copied into Node's pool; above it the buffer is handed over.
 */
const takeCopyMax = 2_048;
/** Up to this size a loop is faster than the call that copies. */
const loopCopyMax = 48;
const nothing = Buffer.alloc(0);

/**
 * Call `push(chunk)`, then `while (next())` read `buffer` from `start` to `end`. A frame stays valid
 * until the next call. `hold` saves the frames that `next` has not yielded when the chunk becomes
 * invalid.
 */
export class FrameParser {
  buffer: Buffer = nothing;
  start = 0;
  end = 0;
  #frameBytesMax: number;
  #chunk: Buffer = nothing;
  #offset = 0;
  /** The split frame, header included; `#gathered` bytes of it have arrived. */
  #partial: Buffer = nothing;
  #gathered = 0;

  constructor(frameBytesMax: number) {
    assert(frameBytesMax > 0, 'the cap of frames is positive');
    this.#frameBytesMax = frameBytesMax;
  }

  set frameBytesMax(bytes: number) {
    this.#frameBytesMax = bytes;
  }

  /** Bytes held for a partial frame and for input that was not read yet. */
  get heldBytes(): number {
    return this.#partial.length + this.#chunk.length - this.#offset;
  }

  push(chunk: Uint8Array): void {
    const buffer = asBuffer(chunk);
    const rest = this.#chunk.length - this.#offset;
    this.#chunk = rest === 0 ? buffer : Buffer.concat([this.#chunk.subarray(this.#offset), buffer]);
    this.#offset = 0;
  }

  /**
   * Moves to the next whole frame. Throws too_large or invalid_argument; the stream is then unusable.
   */
  next(): boolean {
    if (this.#gathered > 0) return this.#nextGathered();
    const chunk = this.#chunk;
    const offset = this.#offset;
    const available = chunk.length - offset;
    if (available >= headerBytes) {
      const length = this.#checkedLength(chunk, offset);
      if (available >= headerBytes + length) {
        // A store of a young object into an old one has a cost in the garbage collector each time.
        if (this.buffer !== chunk) this.buffer = chunk;
        this.start = offset + headerBytes;
        this.end = this.start + length;
        this.#offset = this.end;
        return true;
      }
    }
    if (available > 0) this.#gather(available);
    this.buffer = nothing;
    this.#chunk = nothing;
    this.#offset = 0;
    return false;
  }

  /** Copies the rest of the chunk, because its owner is about to reuse it. */
  hold(): void {
    if (this.#offset < this.#chunk.length) {
      this.#chunk = Buffer.from(this.#chunk.subarray(this.#offset));
    } else {
      this.#chunk = nothing;
    }
    this.#offset = 0;
  }

  #nextGathered(): boolean {
    if (this.#gathered < headerBytes) {
      this.#gather(Math.min(headerBytes - this.#gathered, this.#chunk.length - this.#offset));
      if (this.#gathered < headerBytes) return false;
    }
    const total = headerBytes + this.#checkedLength(this.#partial, 0);
    this.#gather(Math.min(total - this.#gathered, this.#chunk.length - this.#offset));
    if (this.#gathered < total) return false;
    this.buffer = this.#partial;
    this.start = headerBytes;
    this.end = total;
    this.#partial = nothing;
    this.#gathered = 0;
    return true;
  }

  #gather(count: number): void {
    const needed = this.#gathered + count;
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(gatherBytesMin, needed, this.#gathered * 2));
      this.#partial.copy(grown, 0, 0, this.#gathered);
      this.#partial = grown;
    }
    this.#chunk.copy(this.#partial, this.#gathered, this.#offset, this.#offset + count);
    this.#gathered = needed;
    this.#offset += count;
  }

  #checkedLength(buffer: Buffer, offset: number): number {
    const length = uint32At(buffer, offset);
    if (length === 0) throw new BazarError('invalid_argument', 'a frame must not be empty');
    if (length > this.#frameBytesMax) {
      throw new BazarError(
        'too_large',
        `a frame of ${length} bytes is over the limit of ${this.#frameBytesMax}`,
        { details: { limit: this.#frameBytesMax } },
      );
    }
    return length;
  }
}

/**
 * The output of one turn. Call `begin`, encode at `length` after `reserve`, then `finish` or `abandon`;
 * frames do not nest. `reserve` may replace `bytes`.
 */
export class FrameWriter {
  bytes: Buffer = nothing;
  length = 0;
  #frameStart = -1;
  #bytesMin = writerBytesMin;

  /** Also reserves this much room for the frame's body. */
  begin(room = 0): void {
    assert(this.#frameStart < 0, 'frames do not nest');
    this.reserve(headerBytes + room);
    this.#frameStart = this.length;
    this.length += headerBytes;
  }

  finish(): void {
    const start = this.#frameStart;
    assert(start >= 0 && this.length > start + headerBytes, 'a frame was begun and is not empty');
    const length = this.length - start - headerBytes;
    const bytes = this.bytes;
    bytes[start] = length >>> 24;
    bytes[start + 1] = length >>> 16;
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length;
    this.#frameStart = -1;
  }

  /** Drops the frame just begun, for example when its value cannot be encoded. */
  abandon(): void {
    assert(this.#frameStart >= 0, 'a frame was begun');
    this.length = this.#frameStart;
    this.#frameStart = -1;
  }

  /** Drops the frames from `length` on. */
  rewind(length: number): void {
    assert(this.#frameStart < 0 && length <= this.length, 'only whole frames are taken back');
    this.length = length;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** A separate function, so that V8 can inline the caller, which runs for every few bytes. */
  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytesMin, needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  append(source: Uint8Array): void {
    const count = source.length;
    this.reserve(count);
    if (count > loopCopyMax) {
      copyInto(this.bytes, source, this.length);
      this.length += count;
    } else {
      this.#appendShort(source, 0, count);
    }
  }

  appendPart(source: Buffer, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    if (count > loopCopyMax) {
      source.copy(this.bytes, this.length, start, end);
      this.length += count;
    } else {
      this.#appendShort(source, start, end);
    }
  }

  #appendShort(source: Uint8Array, start: number, end: number): void {
    const bytes = this.bytes;
    let to = this.length;
    for (let from = start; from < end; from++) bytes[to++] = source[from] ?? 0;
    this.length = to;
  }

  /**
   * Gives all frames since the last call to a receiver that copies them before it returns. The writer
   * uses the buffer again unless it is large. The receiver may write frames meanwhile.
   */
  copyTo(receiver: { write(bytes: Buffer): unknown }): void {
    const { bytes, length } = this;
    this.#startAfresh(length);
    receiver.write(bytes.subarray(0, length));
    if (this.bytes === nothing && bytes.length <= writerBytesKept) this.bytes = bytes;
  }

  /** All frames since the last call; the caller keeps the bytes. */
  take(): Buffer {
    const { bytes, length } = this;
    this.#startAfresh(length);
    if (length > takeCopyMax) return bytes.subarray(0, length);
    if (bytes.length <= writerBytesKept) this.bytes = bytes;
    return copyOfFirst(bytes, length);
  }

  #startAfresh(length: number): void {
    assert(this.#frameStart < 0, 'a frame is finished before it is taken');
    this.#bytesMin = length > takeCopyMax ? Math.min(writerBytesStart, length) : writerBytesMin;
    this.bytes = nothing;
    this.length = 0;
  }
}

/** `readUInt32BE` without its checks, which cost more than the read. */
function uint32At(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
