/**
 * Handles encoded sales without decoding them. The MessagePack of a Sale[] is an array header followed
 * by the sales, so runs are counted and joined by their headers. Uses only the three array headers of
 * the MessagePack specification.
 */
import { assert } from '../base/assert.js';
import type { SalesMessage } from './internal.js';

const fixArray = 0x90;
const array16 = 0xdc;
const array32 = 0xdd;

interface ArrayHeader {
  readonly count: number;
  readonly length: number;
}

function readHeader(bytes: Uint8Array): ArrayHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = bytes.byteLength > 0 ? view.getUint8(0) : 0;
  if ((tag & 0xf0) === fixArray) return { count: tag & 0x0f, length: 1 };
  if (tag === array16) return { count: view.getUint16(1), length: 3 };
  assert(tag === array32, 'encoded sales are an array');
  return { count: view.getUint32(1), length: 5 };
}

/** The number of sales in these bytes. */
export function countSales(bytes: Uint8Array): number {
  return readHeader(bytes).count;
}

/** Joins consecutive messages into one. */
export function joinSales(runs: readonly SalesMessage[]): SalesMessage {
  const [only] = runs;
  assert(only, 'there is something to join');
  if (runs.length === 1) return only;
  const first = only[0];
  let next = first;
  let length = 5;
  for (const [start, count, bytes] of runs) {
    assert(start === next, 'joined sales follow each other');
    next += count;
    length += bytes.byteLength - readHeader(bytes).length;
  }
  const joined = Buffer.allocUnsafeSlow(length);
  joined.writeUInt8(array32);
  let offset = joined.writeUInt32BE(next - first, 1);
  for (const [, , bytes] of runs) {
    const body = bytes.subarray(readHeader(bytes).length);
    joined.set(body, offset);
    offset += body.byteLength;
  }
  return [first, next - first, joined];
}
