/**
 * Params that come again and again, as of look-ups of the same item: their bytes are compared with
 * those that were checked and decoded before, which takes a tenth of doing both again. Knows no
 * method. Invariant: what it gives for bytes is what decoding them gives, and cannot be changed.
 */
import { isRecord } from './shapes.js';

const slots = 256;
/** Longer ones are rarely the same. */
const bodyBytesMax = 32;

interface KnownBody {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

export class KnownBodies {
  readonly #slots: (KnownBody | undefined)[] = new Array(slots).fill(undefined);

  /** Undefined where these bytes are not known. */
  find(buffer: Uint8Array, start: number, end: number): unknown {
    const length = end - start;
    if (length > bodyBytesMax) return undefined;
    const known = this.#slots[slotOf(buffer, start, end)];
    if (known === undefined || known.bytes.length !== length) return undefined;
    const bytes = known.bytes;
    for (let i = 0; i < length; i++) if (bytes[i] !== buffer[start + i]) return undefined;
    return known.value;
  }

  /** The value of bytes that were found sound; one that holds others is not kept. */
  keep(buffer: Uint8Array, start: number, end: number, value: unknown): void {
    if (end - start > bodyBytesMax || !isRecord(value)) return;
    if (Object.values(value).some((field) => typeof field === 'object')) return;
    // A copy: the buffer is the network's.
    const bytes = Uint8Array.from(buffer.subarray(start, end));
    this.#slots[slotOf(buffer, start, end)] = { bytes, value: Object.freeze(value) };
  }
}

function slotOf(buffer: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (buffer[i] ?? 0)) | 0;
  return (hash ^ (hash >>> 8)) & (slots - 1);
}
