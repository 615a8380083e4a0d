/**
 * Stores the outcomes of purchases under their idempotency keys, for one kind of key
 * (docs/PROTOCOL.md, section 5, steps 2 and 6). A key takes about 46 bytes. Keys expire by log time
 * with bounded work a call, so that every replica drops the same keys at the same entry. Invariant:
 * keys are dropped oldest first, each only after its lifetime and the projection of its sale.
 */
import { assert } from '../../base/assert.js';
import type { KeyDigest, Outcome } from '../../wire/internal.js';
import { type IndexSeed, KeyIndex } from './key-index.js';
import { emptyRecord, type KeyRecord, KeySlab } from './key-slab.js';
import { KeySum } from './key-sum.js';

/** Stored outcomes; an error that stores nothing is not one. */
export type StoredOutcome =
  | Extract<Outcome, readonly ['sold' | 'out_of_stock' | 'not_found', ...unknown[]]>
  | CodedOutcome;

/** An outcome of another operation than a plain purchase, as trade-outcomes.ts codes it. */
export type CodedOutcome = readonly ['coded', first: number, second: number];

export interface KeyTableOptions {
  /** The capacity at first. */
  readonly keysMax: number;
  readonly lifeMs: number;
  /** Seed of the hash index, which is no part of the state. A service draws it at random. */
  readonly indexSeed?: IndexSeed | undefined;
}

const codes = { sold: 0, out_of_stock: 1, not_found: 2, coded: 3 } as const;

export class KeyTable {
  readonly #lifeMs: number;
  #capacity: number;
  readonly #slab = new KeySlab();
  readonly #index: KeyIndex;
  readonly #sum = new KeySum();
  readonly #scratch: KeyRecord = emptyRecord();
  #dropped = 0;

  constructor(options: KeyTableOptions) {
    this.#lifeMs = options.lifeMs;
    this.#capacity = options.keysMax;
    this.#index = new KeyIndex(this.#slab, options.indexSeed);
  }

  get size(): number {
    return this.#slab.size;
  }

  /** Number of keys dropped since this table was made or restored. Not part of the state. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Number of keys at which the table is full. */
  get capacity(): number {
    return this.#capacity;
  }

  /** A capacity below the number of keys drops none of them. */
  setCapacity(keys: number): void {
    assert(isCapacity(keys), 'a capacity is at least 1');
    this.#capacity = keys;
  }

  get isFull(): boolean {
    return this.#slab.size >= this.#capacity;
  }

  /** Makes room in the index for this many keys; call it while the table is empty. */
  expect(keys: number): void {
    this.#index.expect(keys);
  }

  /** The key's slot, or -1. */
  find(digest: KeyDigest): number {
    readWords(digest, this.#scratch.words, 0, 4);
    return this.#index.find(this.#scratch.words);
  }

  /** True if the stored request has the same hash. */
  isSameRequest(slot: number, requestHash: Uint8Array): boolean {
    const record = this.#scratch;
    this.#slab.read(slot, record);
    const [, , , , first = 0, second = 0] = record.words;
    readWords(requestHash, record.words, 4, 2);
    return record.words[4] === first && record.words[5] === second;
  }

  /** The stored outcome, marked as replayed. */
  outcome(slot: number): Outcome | CodedOutcome {
    const record = this.#scratch;
    this.#slab.read(slot, record);
    if (record.code === codes.sold) return ['sold', record.first, record.second, true];
    if (record.code === codes.out_of_stock)
      return ['out_of_stock', record.first, record.second, true];
    if (record.code === codes.coded) return ['coded', record.first, record.second];
    assert(record.code === codes.not_found, 'a stored outcome has a known code');
    return ['not_found', record.first, true];
  }

  /** Stores the outcome of a key that `find` did not find. */
  add(digest: KeyDigest, requestHash: Uint8Array, outcome: StoredOutcome, time: number): void {
    const record = this.#scratch;
    readWords(digest, record.words, 0, 4);
    readWords(requestHash, record.words, 4, 2);
    record.code = codes[outcome[0]];
    record.first = outcome[1];
    record.second = outcome[0] === 'not_found' ? 0 : outcome[2];
    record.time = time;
    this.#index.add(record.words, this.#slab.push(record));
    this.#sum.add(record);
  }

  /** Stores a record from a snapshot unchanged. */
  addRecord(record: KeyRecord): void {
    this.#index.stage(record.words, this.#slab.push(record));
    this.#sum.add(record);
  }

  /**
   * Drops at most `max` keys whose lifetime is over at `time` and whose sales are through the
   * watermark.
   */
  expire(time: number, watermark: number, max: number): void {
    const record = this.#scratch;
    for (let count = 0; count < max && this.#slab.size > 0; count++) {
      const slot = this.#slab.oldest();
      this.#slab.read(slot, record);
      if (record.time + this.#lifeMs > time) return;
      if (record.code === codes.sold && record.first > watermark) return;
      this.#index.remove(record.words, slot);
      this.#slab.dropOldest();
      this.#dropped++;
      this.#sum.remove(record);
    }
  }

  /** Equal for equal sets of records, whatever their places. */
  get sum(): string {
    return this.#sum.text();
  }

  /**
   * The records, oldest first, without the first `skipped`. Each one is read into the same object.
   */
  *records(skipped = 0): Generator<KeyRecord> {
    const record = emptyRecord();
    for (const slot of this.#slab.slots(skipped)) {
      this.#slab.read(slot, record);
      yield record;
    }
  }

  invariants(): void {
    assert(this.#index.size === this.#slab.size, 'every key is in the index once');
    const counted = new KeySum();
    let time = Number.NEGATIVE_INFINITY;
    for (const record of this.records()) {
      assert(record.time >= time, 'keys lie in the order of their log time');
      assert(this.#index.find(record.words) >= 0, 'every key is found');
      time = record.time;
      counted.add(record);
    }
    assert(counted.text() === this.#sum.text(), 'the sum is that of the records');
  }
}

/** Whether this is a number of keys that a table can be limited to. */
export function isCapacity(keys: unknown): keys is number {
  return Number.isSafeInteger(keys) && (keys as number) > 0;
}

/** Reads little-endian words; missing bytes count as zero. */
function readWords(bytes: Uint8Array, into: Uint32Array, from: number, count: number): void {
  for (let word = 0; word < count; word++) {
    const at = 4 * word;
    into[from + word] =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
  }
}
