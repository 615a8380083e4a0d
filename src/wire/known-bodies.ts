/**
 * Params that come again and again, as of look-ups of the same item: their bytes are compared with
 * those that were checked and decoded before, which takes a tenth of doing both again. Knows no
 * method. What came once is not kept, for that costs more than decoding it. Invariant: what it gives
 * for bytes is what decoding them gives, and cannot be changed.
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
  /** Of the last bytes that were not known, by their slot; only what comes twice in turn is kept. */
  readonly #hashes = new Int32Array(slots);
  #lastHash = 0;

  /** Undefined where these bytes are not known. */
  find(buffer: Uint8Array, start: number, end: number): unknown {
    const length = end - start;
    if (length > bodyBytesMax) return undefined;
    const hash = hashOf(buffer, start, end);
    this.#lastHash = hash;
    const known = this.#slots[slotOf(hash)];
    if (known === undefined || known.bytes.length !== length) return undefined;
    const bytes = known.bytes;
    for (let i = 0; i < length; i++) if (bytes[i] !== buffer[start + i]) return undefined;
    return known.value;
  }

  /**
   * The value of the bytes that `find` has just not found, and that were found sound since; one that
   * holds others is not kept.
   */
  keep(buffer: Uint8Array, start: number, end: number, value: unknown): void {
    if (end - start > bodyBytesMax) return;
    const hash = this.#lastHash;
    const slot = slotOf(hash);
    const isSecond = this.#hashes[slot] === hash;
    this.#hashes[slot] = hash;
    // Binary is an object too, but its elements cannot be frozen.
    if (!isSecond || !isRecord(value)) return;
    if (Object.values(value).some((field) => typeof field === 'object')) return;
    // A copy: the buffer is the network's.
    const bytes = new Uint8Array(buffer.subarray(start, end));
    this.#slots[slot] = { bytes, value: Object.freeze(value) };
  }
}

function hashOf(buffer: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (buffer[i] ?? 0)) | 0;
  return hash;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 8)) & (slots - 1);
}
