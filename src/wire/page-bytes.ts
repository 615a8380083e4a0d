/**
 * A page of items that are already encoded as MessagePack, as the map of a search answer: `{items: […],
 * next?}`. Uses only the headers of the MessagePack specification.
 */
import { assert } from '../base/assert.js';
import { encode } from './codec.js';

const map1 = 0x81;
const map2 = 0x82;
const fixArray = 0x90;
const array16 = 0xdc;
const itemsMax = 0xffff;
const itemsKey = encode('items');
const nextKey = encode('next');

export function pageBytes(items: readonly Uint8Array[], next: number | null): Uint8Array {
  assert(items.length <= itemsMax, 'a page has a bound');
  const tail = next === null ? undefined : encode(next);
  let length = 1 + itemsKey.length + 3 + (tail ? nextKey.length + tail.length : 0);
  for (const item of items) length += item.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = tail ? map2 : map1;
  bytes.set(itemsKey, 1);
  let end = 1 + itemsKey.length;
  if (items.length < 16) {
    bytes[end++] = fixArray | items.length;
  } else {
    bytes[end++] = array16;
    end = bytes.writeUInt16BE(items.length, end);
  }
  for (const item of items) {
    bytes.set(item, end);
    end += item.length;
  }
  if (tail) {
    bytes.set(nextKey, end);
    bytes.set(tail, end + nextKey.length);
    end += nextKey.length + tail.length;
  }
  return bytes.subarray(0, end);
}
