/**
 * The structural scanner: reads the shape of a MessagePack value without building it, so that malformed
 * or forbidden input never reaches the decoder on a public port. Invariant: it reads only bytes between
 * start and end, in time linear in their distance.
 */
import { isUtf8 } from 'node:buffer';
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';

/** Maps and arrays in one frame; an empty map takes one byte here and fifty when decoded. */
const containersMax = 65_536;
/** Strings of at least this length are checked by one native call instead of byte by byte. */
const nativeCheckBytes = 48;

const messages = {
  malformed: 'not one whole MessagePack value',
  trailing_bytes: 'bytes follow the MessagePack value in its frame',
  too_deep: `maps and arrays nest deeper than ${wireLimits.depthMax}`,
  too_many: `more than ${containersMax} maps and arrays in one message`,
  extension: 'MessagePack extension types are not accepted',
  key_not_text: 'map keys must be strings',
  not_utf8: 'a string is not valid UTF-8',
  proto_key: 'the key "__proto__" is not accepted',
} as const;

export type Violation = keyof typeof messages;

/** True if the sender does not speak MessagePack, so the rest of the stream cannot be trusted. */
export function isGarbage(violation: Violation): boolean {
  return violation === 'malformed' || violation === 'trailing_bytes';
}

export function violationError(violation: Violation): BazarError {
  return new BazarError('invalid_argument', messages[violation]);
}

let source: Uint8Array = new Uint8Array(0);
let position = 0;
let limit = 0;
let containers = 0;

/** The violation in the value between start and end, or undefined if it is valid. */
export function findViolation(
  buffer: Uint8Array,
  start: number,
  end: number,
): Violation | undefined {
  source = buffer;
  position = start;
  limit = end;
  containers = 0;
  return scanValue(0) ?? (position === end ? undefined : 'trailing_bytes');
}

/** Throws the violation as invalid_argument. */
export function checkStructure(buffer: Uint8Array, start: number, end: number): void {
  const violation = findViolation(buffer, start, end);
  if (violation !== undefined) throw violationError(violation);
}

function scanValue(depth: number): Violation | undefined {
  if (position >= limit) return 'malformed';
  const token = source[position++] ?? 0;
  if (token < 0x80 || token >= 0xe0) return undefined;
  if (token < 0x90) return scanMap(token & 0x0f, depth);
  if (token < 0xa0) return scanArray(token & 0x0f, depth);
  if (token < 0xc0) return scanText(token & 0x1f);
  switch (token) {
    case 0xc0: // nil, false, true
    case 0xc2:
    case 0xc3:
      return undefined;
    case 0xcc: // 8 bits
    case 0xd0:
      return skip(1);
    case 0xcd: // 16 bits
    case 0xd1:
      return skip(2);
    case 0xce: // 32 bits
    case 0xd2:
    case 0xca:
      return skip(4);
    case 0xcf: // 64 bits
    case 0xd3:
    case 0xcb:
      return skip(8);
    default:
      return scanSized(token, depth);
  }
}

/** The tokens that carry a length of 8, 16 or 32 bits. */
function scanSized(token: number, depth: number): Violation | undefined {
  switch (token) {
    case 0xd9:
    case 0xda:
    case 0xdb: {
      const length = readLength(1 << (token - 0xd9));
      return length < 0 ? 'malformed' : scanText(length);
    }
    case 0xc4:
    case 0xc5:
    case 0xc6: {
      const length = readLength(1 << (token - 0xc4));
      return length < 0 ? 'malformed' : skip(length);
    }
    case 0xdc:
    case 0xdd: {
      const count = readLength(token === 0xdc ? 2 : 4);
      return count < 0 ? 'malformed' : scanArray(count, depth);
    }
    case 0xde:
    case 0xdf: {
      const count = readLength(token === 0xde ? 2 : 4);
      return count < 0 ? 'malformed' : scanMap(count, depth);
    }
    case 0xc1: // never used
      return 'malformed';
    default:
      return 'extension';
  }
}

function scanArray(count: number, depth: number): Violation | undefined {
  if (depth >= wireLimits.depthMax) return 'too_deep';
  if (++containers > containersMax) return 'too_many';
  for (let i = 0; i < count; i++) {
    const violation = scanValue(depth + 1);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function scanMap(count: number, depth: number): Violation | undefined {
  if (depth >= wireLimits.depthMax) return 'too_deep';
  if (++containers > containersMax) return 'too_many';
  for (let i = 0; i < count; i++) {
    const violation = scanKey() ?? scanValue(depth + 1);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function scanKey(): Violation | undefined {
  if (position >= limit) return 'malformed';
  const token = source[position++] ?? 0;
  let length = token & 0x1f;
  if (token < 0xa0 || token >= 0xc0) {
    if (token < 0xd9 || token > 0xdb) return 'key_not_text';
    length = readLength(1 << (token - 0xd9));
    if (length < 0) return 'malformed';
  }
  const start = position;
  return scanText(length) ?? (length === 9 && isProto(start) ? 'proto_key' : undefined);
}

function scanText(length: number): Violation | undefined {
  const start = position;
  const end = start + length;
  if (end > limit) return 'malformed';
  position = end;
  if (length < nativeCheckBytes) {
    let at = start;
    while (at < end && (source[at] ?? 0) < 0x80) at++;
    if (at === end) return undefined;
  }
  return isUtf8(source.subarray(start, end)) ? undefined : 'not_utf8';
}

function skip(count: number): Violation | undefined {
  position += count;
  return position > limit ? 'malformed' : undefined;
}

/** A big-endian length of 1, 2 or 4 bytes, or -1 if the value ends before it. */
function readLength(bytes: number): number {
  if (position + bytes > limit) return -1;
  let length = 0;
  for (let i = 0; i < bytes; i++) length = length * 256 + (source[position++] ?? 0);
  return length;
}

const proto = Buffer.from('__proto__');

function isProto(start: number): boolean {
  for (let i = 0; i < proto.length; i++) {
    if (source[start + i] !== proto[i]) return false;
  }
  return true;
}
