/**
 * Decoded params of recent requests, by their bytes: a request with the bytes of an earlier one skips
 * the structural scan and the decoder, as look-ups of the same item do. Its params are validated like
 * any others. The optimisation `params-cache` switches it (docs/PERFORMANCE.md).
 * Invariant: the value for some bytes is what decoding them gives, and is frozen.
 */
import { isRecord } from './shapes.js';

const slots = 256;
/** Longer params, as those with a key, rarely come again. */
const paramsBytesMax = 32;

interface Entry {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

export class ParamsCache {
  readonly #entries: (Entry | undefined)[] = new Array(slots).fill(undefined);
  /** Of the last bytes in each slot that were not found. */
  readonly #missed = new Int32Array(slots);
  #lastHash = 0;

  /** Undefined where the cache does not have these bytes. */
  find(buffer: Uint8Array, start: number, end: number): unknown {
    const length = end - start;
    if (length > paramsBytesMax) return undefined;
    const hash = hashOf(buffer, start, end);
    this.#lastHash = hash;
    const entry = this.#entries[slotOf(hash)];
    if (entry === undefined || entry.bytes.length !== length) return undefined;
    const { bytes } = entry;
    for (let i = 0; i < length; i++) if (bytes[i] !== buffer[start + i]) return undefined;
    return entry.value;
  }

  /**
   * Adds the value of the bytes of the last `find`, which passed the structural scan since. Only the
   * second miss in a row is added, since an entry costs more than one decoding.
   */
  add(buffer: Uint8Array, start: number, end: number, value: unknown): void {
    if (end - start > paramsBytesMax) return;
    const hash = this.#lastHash;
    const slot = slotOf(hash);
    const isSecond = this.#missed[slot] === hash;
    this.#missed[slot] = hash;
    if (!isSecond || !isRecord(value)) return;
    // Object.freeze does not freeze what the fields hold.
    if (Object.values(value).some((field) => typeof field === 'object')) return;
    // Copied: the network reuses the buffer.
    const bytes = new Uint8Array(buffer.subarray(start, end));
    this.#entries[slot] = { bytes, value: Object.freeze(value) };
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
