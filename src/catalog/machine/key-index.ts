/**
 * Finds a key's slot by its digest, in about 7.5 bytes a key. A key's hash is made of its digest and a
 * secret seed, so that clients cannot choose keys that collide. A key belongs to one of 2,048 parts by
 * its hash. A part is a hash table of buckets with 15 places; a key whose bucket is full goes to the next
 * one that has room, and each full bucket that it passes counts it. Each part grows alone and in small
 * steps, so that growth never blocks the owner for longer than one part takes. Invariants: a part is at
 * most 90 % full; the places of a bucket in use come first.
 */
import { assert, required } from '../../base/assert.js';
import { fold } from './key-sum.js';

/** Two 32-bit words. They decide where keys lie in the index, and nothing else. */
export type IndexSeed = readonly [number, number];

const parts = 2_048;
const partShift = 21;
const tagShift = 5;
const bucketPlaces = 15;
/** 16-bit words a bucket: the tag of each place, the bucket's state, and the slot of each place. */
const bucketWords = 3 * bucketPlaces + 1;
const stateAt = bucketPlaces;
const slotsAt = bucketPlaces + 1;
/** A state: the number of places in use, and in steps of 16 the keys that passed the full bucket. */
const usedMask = 15;
const onePassed = 16;
/** From this state on, passing keys are no longer counted, neither up nor down. */
const passedMax = 65_536 - onePassed;
const fill = 0.9 * bucketPlaces;
/** Below this number of keys a bucket, a part shrinks. */
const sparse = 0.4 * bucketPlaces;
const roomy = 0.8 * bucketPlaces;
/** Keys that are added together at a start: about 128 a part. */
const stagedMax = 2 ** 18;

/** Keys that were staged and are not in their parts yet. */
interface Stage {
  /** For each key its hash and its slot. */
  readonly hashes: Uint32Array;
  readonly slots: Uint32Array;
  count: number;
}

/** The records to which the index refers. */
export interface SlotKeys {
  /** Compares a slot's key with a digest. Called only when 27 bits agree. */
  isKey(slot: number, digest: Uint32Array): boolean;
}

interface Part {
  /** The buckets. A tag is 16 bits of the key's hash, from which its home follows. */
  words: Uint16Array;
  buckets: number;
  count: number;
}

export class KeyIndex {
  readonly #keys: SlotKeys;
  /** The words of the seed as signed integers, which V8 stores without a heap object. */
  readonly #firstSeed: number;
  readonly #secondSeed: number;
  /** A part is made with its first key. */
  readonly #parts: (Part | undefined)[] = Array.from({ length: parts }, () => undefined);
  #size = 0;
  /** Number of keys that a new part makes room for. */
  #expected = 0;
  #stage: Stage | undefined;

  constructor(keys: SlotKeys, seed: IndexSeed = [0, 0]) {
    this.#keys = keys;
    [this.#firstSeed, this.#secondSeed] = [seed[0] | 0, seed[1] | 0];
  }

  get size(): number {
    return this.#size;
  }

  /** Makes room for this many keys, so that adding them to an empty index moves none. */
  expect(keys: number): void {
    this.#expected = keys;
  }

  /**
   * Like `add`, for many keys at a start: keys of a part are added together, because the parts of a
   * large index do not fit the processor's caches.
   */
  stage(digest: Uint32Array, slot: number): void {
    this.#stage ??= {
      hashes: new Uint32Array(stagedMax),
      slots: new Uint32Array(stagedMax),
      count: 0,
    };
    const { hashes, slots } = this.#stage;
    const at = this.#stage.count++;
    hashes[at] = this.#hash(digest);
    slots[at] = slot;
    this.#size++;
    if (this.#stage.count === stagedMax) this.#unstage();
  }

  /** The slot of the key, or -1. */
  find(digest: Uint32Array): number {
    if (this.#stage) this.#settle();
    const hash = this.#hash(digest);
    const part = this.#parts[partOf(hash)];
    if (!part) return -1;
    const { words, buckets } = part;
    const tag = tagOf(hash);
    let bucket = homeOf(tag, buckets);
    for (let tried = 0; tried < buckets; tried++) {
      const first = bucket * bucketWords;
      const state = words[first + stateAt] ?? 0;
      const used = state & usedMask;
      for (let place = 0; place < used; place++) {
        if (words[first + place] !== tag) continue;
        const slot = slotAt(words, first, place);
        if (this.#keys.isKey(slot, digest)) return slot;
      }
      if (state < onePassed) return -1;
      bucket = next(part, bucket);
    }
    return -1;
  }

  /** Adds a key that is not in the index. */
  add(digest: Uint32Array, slot: number): void {
    if (this.#stage) this.#settle();
    this.#put(this.#hash(digest), slot);
    this.#size++;
  }

  remove(digest: Uint32Array, slot: number): void {
    if (this.#stage) this.#settle();
    const hash = this.#hash(digest);
    const part = this.#parts[partOf(hash)];
    assert(part, 'a removed key has a part');
    let bucket = homeOf(tagOf(hash), part.buckets);
    let place = placeOf(part, bucket, slot);
    while (place < 0) {
      const state = stateOf(part, bucket);
      assert(state >= onePassed, 'a removed key is in the index');
      if (state < passedMax) part.words[bucket * bucketWords + stateAt] = state - onePassed;
      bucket = next(part, bucket);
      place = placeOf(part, bucket, slot);
    }
    vacate(part, bucket, place);
    this.#size--;
    if (part.count === 0) this.#parts[partOf(hash)] = undefined;
    else if (part.buckets > 1 && part.count < sparse * part.buckets) {
      resize(part, Math.ceil(part.count / roomy));
    }
  }

  /** The first two words suffice: a collision in both takes 2^64 digests to find. */
  #hash(digest: Uint32Array): number {
    const first = fold(this.#firstSeed, digest[0] ?? 0);
    return fold(fold(first, this.#secondSeed), digest[1] ?? 0);
  }

  #put(hash: number, slot: number): void {
    const number = partOf(hash);
    let part = this.#parts[number];
    if (!part) {
      part = makePart(Math.ceil(this.#expected / parts / roomy));
      this.#parts[number] = part;
    }
    if (part.count + 1 > fill * part.buckets) {
      resize(part, Math.ceil(part.buckets * growthOf(number)));
    }
    put(part, tagOf(hash), slot);
  }

  /** Ends the staging: all keys are in their parts. */
  #settle(): void {
    this.#unstage();
    this.#stage = undefined;
    this.#expected = 0;
  }

  /** Adds the staged keys in the order of their parts. */
  #unstage(): void {
    const { hashes, slots, count } = required(this.#stage, 'a stage');
    const ends = new Uint32Array(parts + 1);
    for (let i = 0; i < count; i++) {
      const after = partOf(hashes[i] ?? 0) + 1;
      ends[after] = (ends[after] ?? 0) + 1;
    }
    for (let part = 1; part <= parts; part++)
      ends[part] = (ends[part] ?? 0) + (ends[part - 1] ?? 0);
    // The place of the part's next key; the end of the part before it at first.
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const part = partOf(hashes[i] ?? 0);
      const place = ends[part] ?? 0;
      order[place] = i;
      ends[part] = place + 1;
    }
    for (const i of order) this.#put(hashes[i] ?? 0, slots[i] ?? 0);
    required(this.#stage, 'a stage').count = 0;
  }
}

function resize(part: Part, buckets: number): void {
  if (buckets === part.buckets) return;
  const { words } = part;
  const other = makePart(buckets);
  for (let bucket = 0; bucket < part.buckets; bucket++) {
    const first = bucket * bucketWords;
    const used = (words[first + stateAt] ?? 0) & usedMask;
    for (let place = 0; place < used; place++) {
      put(other, words[first + place] ?? 0, slotAt(words, first, place));
    }
  }
  part.words = other.words;
  part.buckets = buckets;
}

function makePart(wanted: number): Part {
  const buckets = Math.max(1, wanted);
  return { words: new Uint16Array(buckets * bucketWords), buckets, count: 0 };
}

/** The part has room. */
function put(part: Part, tag: number, slot: number): void {
  const { words } = part;
  let bucket = homeOf(tag, part.buckets);
  let state = stateOf(part, bucket);
  while ((state & usedMask) === bucketPlaces) {
    if (state < passedMax) words[bucket * bucketWords + stateAt] = state + onePassed;
    bucket = next(part, bucket);
    state = stateOf(part, bucket);
  }
  const first = bucket * bucketWords;
  const place = state & usedMask;
  words[first + place] = tag;
  words[first + stateAt] = state + 1;
  words[first + slotsAt + 2 * place] = slot;
  words[first + slotsAt + 2 * place + 1] = Math.floor(slot / 65_536);
  part.count++;
}

/** The slot at a place of the bucket that begins at a word. */
function slotAt(words: Uint16Array, first: number, place: number): number {
  const at = first + slotsAt + 2 * place;
  return (words[at] ?? 0) + (words[at + 1] ?? 0) * 65_536;
}

/** The place of a slot in a bucket, or -1. */
function placeOf(part: Part, bucket: number, slot: number): number {
  const used = stateOf(part, bucket) & usedMask;
  for (let place = 0; place < used; place++) {
    if (slotAt(part.words, bucket * bucketWords, place) === slot) return place;
  }
  return -1;
}

/** Empties a place. The last key of the bucket moves there. */
function vacate(part: Part, bucket: number, place: number): void {
  const { words } = part;
  const first = bucket * bucketWords;
  const state = stateOf(part, bucket);
  const last = (state & usedMask) - 1;
  const [from, to] = [first + slotsAt + 2 * last, first + slotsAt + 2 * place];
  words[first + place] = words[first + last] ?? 0;
  words[to] = words[from] ?? 0;
  words[to + 1] = words[from + 1] ?? 0;
  words[first + stateAt] = state - 1;
  part.count--;
}

function stateOf({ words }: Part, bucket: number): number {
  return words[bucket * bucketWords + stateAt] ?? 0;
}

function next({ buckets }: Part, bucket: number): number {
  return bucket + 1 === buckets ? 0 : bucket + 1;
}

function partOf(hash: number): number {
  return hash >>> partShift;
}

function tagOf(hash: number): number {
  return (hash >>> tagShift) & 65_535;
}

/** The bucket where the search for a key begins. It keeps the order of tags. */
function homeOf(tag: number, buckets: number): number {
  return (tag * buckets) >>> 16;
}

/**
 * 1.25 to 1.35, different for each part: parts have about the same number of keys, and would otherwise
 * all grow at the same time.
 */
function growthOf(part: number): number {
  return 1.25 + 0.1 * ((part * 0.618_034) % 1);
}
