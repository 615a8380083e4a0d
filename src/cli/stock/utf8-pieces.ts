/**
 * Reads the bytes of a text file as UTF-8, without its byte order mark. Refuses bytes that do not
 * fit the encoding, with their line and column. Invariant: each piece consists of whole characters.
 */
import { isUtf8 } from 'node:buffer';
import { LineIndex } from './line-index.js';

export const encodings = ['utf8', 'latin1', 'utf16le'] as const;
export type Encoding = (typeof encodings)[number];

export class EncodingError extends Error {
  override readonly name = 'EncodingError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

type Bytes = AsyncIterable<Uint8Array | string>;
interface Decoded {
  readonly piece: Buffer;
  /** The bytes after the piece are invalid in the encoding. */
  readonly error?: EncodingError;
}
type Decode = (bytes: Buffer, isEnd: boolean) => Decoded;

/** Length of the longest byte order mark. */
const markBytesMax = 3;

/** A byte order mark of UTF-16 overrides `encoding`. */
export async function* utf8Pieces(file: Bytes, encoding: Encoding): AsyncGenerator<Buffer> {
  let decode: Decode | undefined;
  let waiting = Buffer.alloc(0);
  for await (const chunk of file) {
    waiting = Buffer.concat([waiting, Buffer.from(chunk as Uint8Array)]);
    if (waiting.length < markBytesMax && !decode) continue;
    decode ??= decoderFor(waiting, encoding);
    yield* checked(decode(waiting, false));
    waiting = Buffer.alloc(0);
  }
  decode ??= decoderFor(waiting, encoding);
  yield* checked(decode(waiting, true));
}

function* checked({ piece, error }: Decoded): Generator<Buffer> {
  yield piece;
  if (error) throw error;
}

function decoderFor(begin: Buffer, encoding: Encoding): Decode {
  const isUtf16 = encoding === 'utf16le' || (begin[0] === 0xff && begin[1] === 0xfe);
  if (encoding === 'utf8' && !isUtf16) return utf8Checker();
  const decoder = new TextDecoder(isUtf16 ? 'utf-16le' : 'latin1', { fatal: true });
  const lines = new LineIndex();
  let length = 0;
  return (bytes, isEnd) => {
    try {
      const piece = Buffer.from(decoder.decode(bytes, { stream: !isEnd }));
      lines.add(piece);
      length += piece.length;
      return { piece };
    } catch {
      const message = 'from here on there are bytes that are not UTF-16';
      return { piece: Buffer.alloc(0), error: new EncodingError(lines.lineAt(length), message) };
    }
  };
}

function utf8Checker(): Decode {
  const lines = new LineIndex();
  let carried = Buffer.alloc(0);
  /** Bytes before the piece. `column` counts the characters before the piece on its first line. */
  let offset = 0;
  let column = 0;
  let isBegin = true;
  return (chunk, isEnd) => {
    const bytes = Buffer.concat([carried, chunk]);
    const whole = isEnd ? bytes.length : wholeCharacters(bytes);
    carried = bytes.subarray(whole);
    const isMarked = isBegin && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    isBegin = false;
    const text = bytes.subarray(isMarked ? 3 : 0, whole);
    const piece = isUtf8(text) ? text : text.subarray(0, goodBytes(text));
    lines.add(piece);
    const line = lines.lineAt(offset + piece.length);
    const from = lines.lineStart - offset;
    column = characters(piece.subarray(Math.max(0, from))) + (from > 0 ? 0 : column);
    offset += piece.length;
    if (piece.length === text.length) return { piece };
    const advice = 'if a spreadsheet wrote the file, try --encoding latin1';
    const message = `column ${column + 1}: bytes that are not UTF-8; ${advice}`;
    return { piece, error: new EncodingError(line, message) };
  };
}

/** Number of bytes before an incomplete character at the end. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Number of bytes before the first invalid byte. */
function goodBytes(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const start = bytes.subarray(0, middle);
    if (isUtf8(start.subarray(0, wholeCharacters(start)))) good = middle;
    else bad = middle;
  }
  return wholeCharacters(bytes.subarray(0, good));
}

function characters(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (!isContinuation(byte)) count++;
  return count;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
