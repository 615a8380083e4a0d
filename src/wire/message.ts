/**
 * The MessagePack-RPC envelope: request `[0, id, method, params]`, answer `[1, id, error, result]`,
 * notification `[2, method, params]`. A request may carry a header as a fifth field. The reader decodes
 * only the head of a message and leaves the body encoded, so that a session decodes bodies only when
 * needed.
 */
import { assert } from '../base/assert.js';
import { BazarError, isErrorCode, type WireError } from '../base/errors.js';
import { decode, encode, encodeInto } from './codec.js';
import type { FrameWriter } from './frame.js';
import { type RequestHeader, readRequestHeader } from './request-header.js';

export const kinds = { bad: -1, request: 0, answer: 1, notification: 2 } as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

/** A method's name is cached by its bytes up to this length. */
const cachedNameBytes = 31;
const methodBytesMax = 64;

/**
 * The head of the message last read. All messages of a thread share one instance, so it is valid until
 * the next `readEnvelope`.
 */
export interface Envelope {
  kind: Kind;
  /** The id of a request or answer, also of a bad request if it could be read; otherwise undefined. */
  id: number | undefined;
  method: string;
  /** Start of the params, or of an answer's error. They end with the frame. */
  bodyStart: number;
  /** In a request: a header follows the params. */
  hasHeader: boolean;
  /** In an answer: the error is nil, and the result begins at `bodyStart`. */
  ok: boolean;
  /** The reason why a message is bad. */
  problem: string;
}

const envelope: Envelope = {
  kind: kinds.bad,
  id: undefined,
  method: '',
  bodyStart: 0,
  hasHeader: false,
  ok: false,
  problem: '',
};

/** Reads the head; never throws. The body is neither decoded nor checked. */
export function readEnvelope(buffer: Uint8Array, start: number, end: number): Envelope {
  envelope.id = undefined;
  envelope.kind = kinds.bad;
  envelope.hasHeader = false;
  const size = buffer[start] ?? 0;
  const kind = buffer[start + 1];
  // The id of an answer is nil if the peer could not read the request's.
  if (size === 0x94 && kind === kinds.answer && buffer[start + 2] === 0xc0) {
    return readOutcome(buffer, start + 3, end);
  }
  if (size === 0x94 && (kind === kinds.request || kind === kinds.answer)) {
    const afterId = readId(buffer, start + 2, end);
    if (afterId < 0) return bad('the id must be an integer from 0 to 2^53 - 1');
    return kind === kinds.request
      ? readMethod(buffer, afterId, end, kinds.request)
      : readOutcome(buffer, afterId, end);
  }
  if (size === 0x93 && kind === kinds.notification) {
    return readMethod(buffer, start + 2, end, kinds.notification);
  }
  if (size === 0x95 && kind === kinds.request) {
    const afterId = readId(buffer, start + 2, end);
    if (afterId < 0) return bad('the id must be an integer from 0 to 2^53 - 1');
    envelope.hasHeader = true;
    return readMethod(buffer, afterId, end, kinds.request);
  }
  // An unknown message, but its id may allow an error answer.
  if (size > 0x92 && size < 0xa0 && kind === kinds.request) readId(buffer, start + 2, end);
  return bad('neither [0, id, method, params] nor [1, id, error, result] nor [2, method, params]');
}

function bad(problem: string): Envelope {
  envelope.kind = kinds.bad;
  envelope.problem = problem;
  return envelope;
}

/** Sets the envelope's id and returns the position after it, or -1. */
function readId(buffer: Uint8Array, at: number, end: number): number {
  const token = buffer[at] ?? 0xc1;
  if (token < 0x80) {
    envelope.id = token;
    return at + 1;
  }
  // 8 to 64 bits, unsigned or (as some libraries write every number) signed.
  if (token < 0xcc || token > 0xd3) return -1;
  const after = at + 1 + (1 << (token & 3));
  if (after > end || (token >= 0xd0 && (buffer[at + 1] ?? 0) >= 0x80)) return -1;
  let id = 0;
  for (let i = at + 1; i < after; i++) id = id * 256 + (buffer[i] ?? 0);
  if (id > Number.MAX_SAFE_INTEGER) return -1;
  envelope.id = id;
  return after;
}

function readMethod(buffer: Uint8Array, at: number, end: number, kind: Kind): Envelope {
  const token = buffer[at] ?? 0xc1;
  let nameStart = at + 1;
  let length = token & 0x1f;
  if (token === 0xd9) {
    length = buffer[at + 1] ?? 0;
    nameStart = at + 2;
  } else if (token < 0xa0 || token >= 0xc0) {
    return bad('the method must be a string');
  }
  const nameEnd = nameStart + length;
  if (length > methodBytesMax) return bad('the name of the method is too long');
  if (nameEnd >= end) return bad('the message has no params');
  const name = methodName(buffer, nameStart, length);
  if (name === undefined) return bad('the name of the method is not UTF-8');
  envelope.method = name;
  envelope.bodyStart = nameEnd;
  envelope.kind = kind;
  return envelope;
}

function readOutcome(buffer: Uint8Array, at: number, end: number): Envelope {
  if (at + 1 >= end) return bad('the answer has no result');
  envelope.ok = buffer[at] === 0xc0;
  envelope.bodyStart = envelope.ok ? at + 1 : at;
  envelope.kind = kinds.answer;
  return envelope;
}

interface CachedName {
  readonly bytes: Buffer;
  readonly name: string;
}

const nameCache: (CachedName | undefined)[] = new Array(256).fill(undefined);

/** Undefined if it is not UTF-8; only valid names are cached. */
function methodName(buffer: Uint8Array, start: number, length: number): string | undefined {
  if (length === 0 || length > cachedNameBytes) return nameAt(buffer, start, length);
  const last = start + length - 1;
  const slot = ((buffer[start] ?? 0) * 7 + (buffer[last] ?? 0) * 3 + length * 31) & 0xff;
  const cached = nameCache[slot];
  if (cached !== undefined && cached.bytes.length === length) {
    const bytes = cached.bytes;
    let i = 0;
    while (i < length && bytes[i] === buffer[start + i]) i++;
    if (i === length) return cached.name;
  }
  const name = nameAt(buffer, start, length);
  if (name === undefined) return undefined;
  nameCache[slot] = { bytes: Buffer.from(buffer.subarray(start, start + length)), name };
  return name;
}

function nameAt(buffer: Uint8Array, start: number, length: number): string | undefined {
  const name = Buffer.from(buffer.buffer, buffer.byteOffset + start, length).toString('utf8');
  // Invalid UTF-8 is decoded to this character.
  return name.includes('\ufffd') ? undefined : name;
}

/** The error of a failed answer whose envelope was just read. Throws if it has no known shape. */
export function decodeError(buffer: Uint8Array, start: number, end: number): BazarError {
  const answer = decode(buffer, start, end);
  const error: unknown = Array.isArray(answer) ? answer[2] : undefined;
  if (!isWireError(error)) {
    throw new BazarError('invalid_argument', 'the error of an answer has no code');
  }
  return BazarError.fromWire(error);
}

function isWireError(value: unknown): value is WireError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    isErrorCode(value.code) &&
    'message' in value &&
    typeof value.message === 'string'
  );
}

/** A header is only for peers that announced that they read headers. */
export function encodeRequest(
  writer: FrameWriter,
  id: number,
  method: string,
  params: unknown,
  header?: RequestHeader,
): void {
  begin(writer, header === undefined ? 0x94 : 0x95, kinds.request);
  writeId(writer, id);
  writeMethod(writer, method);
  writeBody(writer, params);
  if (header !== undefined) writeBody(writer, header);
  writer.finish();
}

/** Takes the whole of a request whose envelope has a header. */
export function paramsAndHeader(
  message: unknown,
): readonly [params: unknown, header: RequestHeader | undefined] {
  const [, , , params, header] = message as readonly unknown[];
  return [params, readRequestHeader(header)];
}

export function encodeNotification(writer: FrameWriter, method: string, params: unknown): void {
  begin(writer, 0x93, kinds.notification);
  writeMethod(writer, method);
  writeValue(writer, params);
}

export function encodeAnswer(writer: FrameWriter, id: number, result: unknown): void {
  begin(writer, 0x94, kinds.answer);
  writeId(writer, id);
  writer.bytes[writer.length++] = 0xc0;
  writeValue(writer, result);
}

/** An answer whose result is already encoded as MessagePack. */
export function encodeAnswerRaw(writer: FrameWriter, id: number, result: Uint8Array): void {
  assert(result.length > 0, 'an encoded result is not empty');
  begin(writer, 0x94, kinds.answer, result.length);
  writeId(writer, id);
  writer.bytes[writer.length++] = 0xc0;
  writer.append(result);
  writer.finish();
}

/** `id` is undefined if the request's could not be read. */
export function encodeErrorAnswer(
  writer: FrameWriter,
  id: number | undefined,
  error: BazarError,
): void {
  begin(writer, 0x94, kinds.answer);
  if (id === undefined) {
    writer.bytes[writer.length++] = 0xc0;
  } else {
    writeId(writer, id);
  }
  writeError(writer, error);
}

/** Encoded errors that are sent repeatedly. */
const encodedErrors = new WeakMap<BazarError, Buffer>();

/** The same error; its encoding is now copied into answers instead of made for each. */
export function encodedOnce(error: BazarError): BazarError {
  Object.freeze(error.details);
  encodedErrors.set(error, encode(error.toWire()));
  return error;
}

function writeError(writer: FrameWriter, error: BazarError): void {
  const encoded = encodedErrors.get(error);
  if (encoded !== undefined) {
    writer.append(encoded);
  } else {
    try {
      encodeInto(writer, error.toWire());
    } catch (cause) {
      writer.abandon();
      throw cause;
    }
  }
  writer.reserve(1);
  writer.bytes[writer.length++] = 0xc0;
  writer.finish();
}

/** Params or a result already encoded as MessagePack; the writer copies these bytes unchanged. */
export class Encoded {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    assert(bytes.length > 0, 'an encoded value is not empty');
    this.bytes = bytes;
  }
}

function writeValue(writer: FrameWriter, value: unknown): void {
  writeBody(writer, value);
  writer.finish();
}

function writeBody(writer: FrameWriter, value: unknown): void {
  if (value instanceof Encoded) {
    writer.append(value.bytes);
  } else {
    try {
      encodeInto(writer, value);
    } catch (error) {
      writer.abandon();
      throw error;
    }
  }
}

/** A message's size and kind, the largest id and a nil: written without reserving more room. */
const headBytesMax = 2 + 9 + 1;

/** Opens a frame with room for its head, and for a body of `bodyBytes`. */
function begin(writer: FrameWriter, size: number, kind: Kind, bodyBytes = 0): void {
  writer.begin(headBytesMax + bodyBytes);
  const bytes = writer.bytes;
  bytes[writer.length++] = size;
  bytes[writer.length++] = kind;
}

function writeId(writer: FrameWriter, id: number): void {
  const bytes = writer.bytes;
  let at = writer.length;
  if (id < 0x80) {
    bytes[at++] = id;
  } else if (id < 0x1_0000) {
    bytes[at++] = 0xcd;
    bytes[at++] = id >>> 8;
    bytes[at++] = id;
  } else if (id < 0x1_0000_0000) {
    bytes[at++] = 0xce;
    bytes[at++] = id >>> 24;
    bytes[at++] = id >>> 16;
    bytes[at++] = id >>> 8;
    bytes[at++] = id;
  } else {
    bytes[at++] = 0xcf;
    at = bytes.writeUInt32BE(Math.floor(id / 0x1_0000_0000), at);
    at = bytes.writeUInt32BE(id >>> 0, at);
  }
  writer.length = at;
}

/** The encoded names of the methods called here. They are few; the limit only guards against errors. */
const encodedNames = new Map<string, Buffer>();
const encodedNamesMax = 256;

function writeMethod(writer: FrameWriter, method: string): void {
  let encoded = encodedNames.get(method);
  if (encoded === undefined) {
    encoded = encode(method);
    assert(encoded.length <= methodBytesMax, 'the name of a method is short');
    if (encodedNames.size < encodedNamesMax) encodedNames.set(method, encoded);
  }
  writer.append(encoded);
}
