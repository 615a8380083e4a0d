/**
 * MessagePack, and the only place that imports its library. Plain maps and arrays: no record or
 * other extension types, so that any MessagePack library can talk to the store. Integers of 64
 * bits are numbers where they are safe, else bigints, which the schemas refuse. Decoded binary is
 * always a copy (but see `decodeViews`), and no Buffer. What comes from a public port must have passed
 * the structural scanner first.
 */
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';
import { BazarError } from '../base/errors.js';
import type { FrameWriter } from './frame.js';

type PackrOptions = NonNullable<ConstructorParameters<typeof Packr>[0]>;

// 'auto' is implemented by the library but missing in its types.
const options = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  moreTypes: false,
  encodeUndefinedAsNil: true,
  copyBuffers: true,
  int64AsType: 'auto',
} as unknown as PackrOptions;

const packr = new Packr(options);
const viewing = new Packr({ ...options, copyBuffers: false });

/**
 * The library reads a value twice as fast where it ends in the first 128 bytes of its buffer (its
 * key cache is off elsewhere), so short values are moved to the front of a scratch buffer. It copies
 * binary faster from a plain Uint8Array, because V8 copies a Buffer as a Buffer.
 */
const scratchBytes = 128;
const scratch = new Uint8Array(scratchBytes);
const range = { start: 0, end: 0 };
/** The library keeps its output buffer at the largest size it ever had; above this it is replaced. */
const keptBytesMax = 1_048_576;
const freshBytes = 8_192;

/** As `decode`, but binary in the value is a view of the bytes. */
export function decodeViews(bytes: Uint8Array): unknown {
  try {
    return viewing.decode(viewOf(bytes, 0, bytes.length));
  } catch (error) {
    throw new BazarError('invalid_argument', 'not one whole MessagePack value', { cause: error });
  }
}

/** The one value between start and end. Throws invalid_argument where it is not MessagePack. */
export function decode(buffer: Uint8Array, start = 0, end = buffer.length): unknown {
  const length = end - start;
  // The library takes an end of 0 for none, and would read what the scratch buffer was left with.
  const isShort = length > 0 && length <= scratchBytes;
  range.end = length;
  try {
    const from = isShort ? inScratch(buffer, start, length) : viewOf(buffer, start, length);
    return packr.decode(from, range);
  } catch (error) {
    throw new BazarError('invalid_argument', 'not one whole MessagePack value', { cause: error });
  }
}

function inScratch(buffer: Uint8Array, start: number, length: number): Uint8Array {
  for (let i = 0; i < length; i++) scratch[i] = buffer[start + i] ?? 0;
  return scratch;
}

function viewOf({ buffer, byteOffset }: Uint8Array, start: number, length: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, length);
}

/** The value's bytes, the caller's for good; never a view of a buffer shared with others. */
export function encode(value: unknown): Buffer {
  const encoded = encodeInPlace(value);
  const bytes = Buffer.allocUnsafeSlow(encoded.end - encoded.start);
  encoded.copy(bytes, 0, encoded.start, encoded.end);
  releaseLarge(encoded);
  return bytes;
}

/** Encodes at the writer's end. Where it throws, nothing was written. */
export function encodeInto(writer: FrameWriter, value: unknown): void {
  const encoded = encodeInPlace(value);
  writer.appendPart(encoded, encoded.start, encoded.end);
  releaseLarge(encoded);
}

type Encoded = Buffer & { readonly start: number; readonly end: number };

/** In the library's own buffer, until its next use. */
function encodeInPlace(value: unknown): Encoded {
  return packr.encode(value, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as Encoded;
}

function releaseLarge(buffer: Encoded): void {
  if (buffer.length > keptBytesMax) packr.useBuffer(Buffer.allocUnsafeSlow(freshBytes));
}
