/**
 * Stores the outcomes of administrators' changes under their idempotency keys (docs/PROTOCOL.md,
 * section 5). They share one name space with purchase keys but have their own table, because an
 * outcome holds a whole record. Time is log time. Invariant: keys are dropped oldest first, each
 * only after its lifetime.
 */
import { assert } from '../../base/assert.js';
import { purchaseLimits, storageLimits } from '../../base/limits.js';
import { decode, encode } from '../../wire/codec.js';
import type { KeyDigest } from '../../wire/internal.js';
import { isTuple } from '../../wire/shapes.js';
import type { Adjusted, Refused, Removed, Stored } from './results.js';
import type { StateHash } from './state-hash.js';

/** Stored results. Further kinds of changes may add theirs. */
export type WriteResult = Stored | Removed | Adjusted | Refused;

/** The stored result of a change, under its key. */
export interface WriteKeyRecord {
  readonly key: Uint8Array;
  readonly requestHash: Uint8Array;
  /** The result in MessagePack. */
  readonly result: Uint8Array;
  readonly time: number;
}

type Saved = readonly [key: Uint8Array, hash: Uint8Array, result: Uint8Array, time: number];

export interface WriteKeyLimits {
  readonly writeKeysMax: number;
  readonly writeKeyBytesMax: number;
  readonly clientKeyMs: number;
}

export class WriteKeys {
  readonly #limits: WriteKeyLimits;
  /** Entries by key as text, oldest first. */
  readonly #entries = new Map<string, WriteKeyRecord>();
  #bytes = 0;
  #dropped = 0;

  constructor(limits: WriteKeyLimits = purchaseLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Number of keys dropped since this table was made or restored. Not part of the state. */
  get dropped(): number {
    return this.#dropped;
  }

  get isFull(): boolean {
    const { writeKeysMax, writeKeyBytesMax } = this.#limits;
    return this.size >= writeKeysMax || this.#bytes >= writeKeyBytesMax;
  }

  has(key: KeyDigest): boolean {
    return this.size > 0 && this.#entries.has(textOf(key));
  }

  /**
   * Returns the stored result of a known key, or undefined if the key belongs to another request.
   */
  find(key: KeyDigest, requestHash: Uint8Array): WriteResult | undefined {
    const entry = this.#entries.get(textOf(key));
    assert(entry, 'the key is known');
    if (!Buffer.from(entry.requestHash).equals(requestHash)) return undefined;
    return decode(entry.result) as WriteResult;
  }

  /** Stores the result of a new key. */
  add(key: KeyDigest, requestHash: Uint8Array, result: WriteResult, time: number): void {
    const bytes = new Uint8Array(encode(result));
    this.#put({
      key: Uint8Array.from(key),
      requestHash: Uint8Array.from(requestHash),
      result: bytes,
      time,
    });
  }

  /** Drops at most `max` keys whose lifetime is over at `time`. */
  expire(time: number, max: number): void {
    if (this.size === 0) return;
    let left = max;
    for (const [text, entry] of this.#entries) {
      if (left-- === 0 || entry.time + this.#limits.clientKeyMs > time) return;
      this.#entries.delete(text);
      this.#bytes -= bytesOf(entry);
      this.#dropped++;
    }
  }

  hashInto(hash: StateHash): void {
    hash.number(this.size);
    for (const { key, requestHash, result, time } of this.#entries.values()) {
      hash.bytes(key);
      hash.bytes(requestHash);
      hash.bytes(result);
      hash.number(time);
    }
  }

  /** The records, oldest first, without the first `skipped`. */
  *records(skipped = 0): Generator<WriteKeyRecord> {
    let left = skipped;
    for (const entry of this.#entries.values()) {
      if (left > 0) left--;
      else yield entry;
    }
  }

  /** Yields lists of keys for a snapshot, oldest first. */
  *save(): Generator<Uint8Array> {
    let list: WriteKeyRecord[] = [];
    for (const entry of this.#entries.values()) {
      list.push(entry);
      if (list.length < storageLimits.pieceWriteKeys) continue;
      yield saveWriteKeys(list);
      list = [];
    }
    if (list.length > 0) yield saveWriteKeys(list);
  }

  load(bytes: Uint8Array): void {
    const list = decode(bytes);
    assert(Array.isArray(list) && list.every(isSaved), 'saved keys of changes have their shape');
    for (const [key, requestHash, result, time] of list as readonly Saved[]) {
      // Copies, because the decoded parts share the memory of the whole piece.
      const [own, hash, outcome] = [key, requestHash, result].map((part) => Uint8Array.from(part));
      assert(own && hash && outcome, 'three parts');
      this.#put({ key: own, requestHash: hash, result: outcome, time });
    }
  }

  invariants(): void {
    let bytes = 0;
    let time = Number.NEGATIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      assert(entry.time >= time, 'keys lie in the order of their log time');
      time = entry.time;
      bytes += bytesOf(entry);
    }
    assert(bytes === this.#bytes, 'the bytes are those of the entries');
  }

  #put(entry: WriteKeyRecord): void {
    const text = textOf(entry.key);
    assert(!this.#entries.has(text), 'a key is stored once');
    this.#entries.set(text, entry);
    this.#bytes += bytesOf(entry);
  }
}

/** One list of keys, as `load` reads it. */
export function saveWriteKeys(records: readonly WriteKeyRecord[]): Uint8Array {
  return encode(
    records.map(({ key, requestHash, result, time }): Saved => [key, requestHash, result, time]),
  );
}

function isSaved(value: unknown): boolean {
  if (!isTuple(value, 4)) return false;
  const [key, hash, result, time] = value;
  return [key, hash, result].every((part) => part instanceof Uint8Array) && Number.isFinite(time);
}

function bytesOf({ key, requestHash, result }: WriteKeyRecord): number {
  return key.length + requestHash.length + result.length;
}

function textOf(key: KeyDigest): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
