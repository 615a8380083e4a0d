/**
 * The memory that a frontend's owner shares with its session threads: an invalidation version and a
 * minimum position for each hash bucket of items, the session's generation, and the end of its
 * lease. Raising a bucket's version makes every thread's copies of its items stale at once, without
 * a message. Each check compares the lease with both clocks (docs/PROTOCOL.md, R8). Only the owner
 * writes. Invariant: versions, minimum positions and the generation never decrease.
 */
import { assert } from '../../base/assert.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { cacheLimits } from '../../base/limits.js';

const buckets = cacheLimits.versionBuckets;
const generationIndex = 0;
/** Counts the invalidations: the version of a bucket is the count at its last invalidation. */
const countIndex = 1;
/**
 * End of the lease on the monotonic clock, which all threads share, and on the wall clock: low and
 * high 32 bits of the milliseconds.
 */
const leaseEnd = 2;
const wallLeaseEnd = 4;
const versionsStart = 6;
/**
 * After this many invalidations every bucket is bumped: after 2^31 an old version would look new.
 */
const bumpAllEvery = 2 ** 30;
const minPositionsStart = Math.ceil(((versionsStart + buckets) * 4) / 8) * 8;
/**
 * The minimum position of the session, which applies to every bucket, follows those of the buckets.
 */
const sessionMinPosition = buckets;
const sessionEpoch = buckets + 1;
/** The newest catalog log time that this frontend has received, plus one; 0 for none. */
const heardLogTime = buckets + 2;
/** The store's currency: its three letters as bytes; 0 while it is not known. */
const currencyLetters = buckets + 3;
const longs = buckets + 4;
const bytes = minPositionsStart + longs * 8;

/** The end of a lease in milliseconds of each clock. The lease ends at the earlier one. */
export interface LeaseEnd {
  readonly atMs: number;
  readonly atWallMs: number;
}

/** A lease requested now, which therefore counts from now (A16). */
export function leaseFromNow(clock: Clock, ms: number): LeaseEnd {
  return { atMs: clock.nowMs() + ms, atWallMs: clock.wallMs() + ms };
}

/**
 * How a lease check reads the clocks: always, or only at the first check of a batch of input. Its
 * answer (`leased` or `expired`) then holds for the rest of the batch.
 */
const clockReads = { always: 0, onNextQuestion: 1, leased: 2, expired: 3 } as const;

/**
 * The versions that a reader saw before it asked the catalog; see `InvalidationVersions.mayFill`.
 */
export interface Sighting {
  readonly bucket: number;
  readonly version: number;
  readonly generation: number;
}

/** A sighting for a reader that does not know yet which items its answer will contain. */
export interface Horizon {
  readonly count: number;
  readonly generation: number;
}

export class InvalidationVersions {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #minPositions: BigInt64Array;
  readonly #clock: Clock;
  #clockReads: (typeof clockReads)[keyof typeof clockReads] = clockReads.always;

  /** The clock has the same origin in all threads. */
  constructor(
    buffer: SharedArrayBuffer = new SharedArrayBuffer(bytes),
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    assert(buffer.byteLength === bytes, 'the shared memory has the expected size');
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, versionsStart + buckets);
    this.#minPositions = new BigInt64Array(buffer, minPositionsStart, longs);
  }

  /** Odd during a session with the catalog leader. A cached entry belongs to one generation. */
  get generation(): number {
    return Atomics.load(this.#words, generationIndex);
  }

  /** Epoch of the leader of the current or last session. */
  get epoch(): number {
    return Number(Atomics.load(this.#minPositions, sessionEpoch));
  }

  /**
   * The newest log time of an entry applied by a catalog replica, as known to this frontend;
   * undefined if no member has reported one. A purchase takes its age from it (docs/PROTOCOL.md,
   * 5).
   */
  get logTime(): number | undefined {
    const heard = Atomics.load(this.#minPositions, heardLogTime);
    return heard === 0n ? undefined : Number(heard) - 1;
  }

  get inSession(): boolean {
    return this.generation % 2 === 1;
  }

  /**
   * Reads the clocks at each call. A timer would be too late: after a pause, input may be processed
   * before timers (A17). The wall clock is read too, because the monotonic clock stops while the
   * machine is suspended.
   */
  get isLeased(): boolean {
    if (this.#clockReads === clockReads.always) return this.#isLeasedNow();
    if (this.#clockReads === clockReads.onNextQuestion) {
      this.#clockReads = this.#isLeasedNow() ? clockReads.leased : clockReads.expired;
    }
    return this.#clockReads === clockReads.leased;
  }

  /**
   * Until `inputEnds`, in this turn, the thread serves requests that have already arrived. One
   * clock reading suffices for all: a value current at that time answers each of them (A17).
   */
  inputBegins(): void {
    this.#clockReads = clockReads.onNextQuestion;
  }

  inputEnds(): void {
    this.#clockReads = clockReads.always;
  }

  idBucket(id: number): number {
    return Math.imul(id ^ (id >>> 15) ^ Math.floor(id / 2 ** 32), 0x9e3779b1) >>> 16;
  }

  nameBucket(name: string): number {
    return textBucket(name, 0x811c9dc5);
  }

  /** The bucket of a topic's lists, the topic in lower case; '' stands for lists by text alone. */
  topicBucket(topic: string): number {
    return textBucket(topic, 0x2f0b4c27);
  }

  /** Take it before the question is sent, never after (A18). */
  sight(bucket: number): Sighting {
    return {
      bucket,
      version: Atomics.load(this.#words, versionsStart + bucket),
      generation: this.generation,
    };
  }

  /** Take it before a question whose answer may contain any item. */
  horizon(): Horizon {
    return { count: Atomics.load(this.#words, countIndex), generation: this.generation };
  }

  /** The bucket's sighting at the horizon; undefined if an invalidation has come since. */
  sightedAt(bucket: number, { count, generation }: Horizon): Sighting | undefined {
    const version = Atomics.load(this.#words, versionsStart + bucket);
    return ((count - version) | 0) < 0 ? undefined : { bucket, version, generation };
  }

  /**
   * True if the bucket was not invalidated since and the session and its lease are valid. The
   * generation is read last, so that the lease checked before belongs to the same session.
   */
  isCurrent(sighting: Sighting): boolean {
    return (
      Atomics.load(this.#words, versionsStart + sighting.bucket) === sighting.version &&
      this.isLeased &&
      Atomics.load(this.#words, generationIndex) === sighting.generation
    );
  }

  /**
   * True if an answer may be cached, from a replica that had applied through `appliedSeq`.
   * `grantEpoch` is the epoch of the leader that granted the answer and will invalidate it; 0 for
   * none.
   */
  mayFill(sighting: Sighting, appliedSeq: number, grantEpoch: number): boolean {
    if (sighting.generation % 2 === 0 || !this.isCurrent(sighting)) return false;
    return this.isAboveMinPosition(sighting.bucket, appliedSeq) && this.isSessionWith(grantEpoch);
  }

  /** True if an answer from this position includes every invalidated change of the bucket. */
  isAboveMinPosition(bucket: number, appliedSeq: number): boolean {
    const applied = BigInt(appliedSeq);
    return (
      applied >= Atomics.load(this.#minPositions, bucket) &&
      applied >= Atomics.load(this.#minPositions, sessionMinPosition)
    );
  }

  /**
   * True if the current or last session is with the leader of this epoch; epoch 0 has no leader.
   */
  isSessionWith(epoch: number): boolean {
    return epoch > 0 && this.epoch === epoch;
  }

  /** Owner: a member has reported the log time of an applied catalog entry. */
  heardLogTime(logTime: number): void {
    const heard = BigInt(logTime) + 1n;
    if (Atomics.load(this.#minPositions, heardLogTime) < heard) {
      Atomics.store(this.#minPositions, heardLogTime, heard);
    }
  }

  /** ISO 4217 code of the store's currency; that of older stores until a catalog reports one. */
  get currency(): string {
    const letters = Number(Atomics.load(this.#minPositions, currencyLetters));
    if (letters === 0) return 'EUR';
    return String.fromCharCode(letters >> 16, (letters >> 8) & 255, letters & 255);
  }

  /** Owner: a catalog replica has reported the currency, which never changes. */
  heardCurrency(currency: string): void {
    const letters = [...currency].reduce((sum, letter) => 256 * sum + letter.charCodeAt(0), 0);
    Atomics.store(this.#minPositions, currencyLetters, BigInt(letters));
  }

  /** Owner: an entry that will be applied at `seq` touches an item of the bucket. */
  invalidate(bucket: number, seq: number): void {
    this.#raiseMinPosition(bucket, seq);
    const count = (Atomics.load(this.#words, countIndex) + 1) | 0;
    if (count % bumpAllEvery === 0) this.#bumpAll(count);
    Atomics.store(this.#words, versionsStart + bucket, count);
    Atomics.store(this.#words, countIndex, count);
  }

  /**
   * Owner: a session with the leader of an epoch began. Nothing older than its log end may be
   * cached, and nothing is served after the end of its lease.
   */
  beginSession(logEnd: number, epoch: number, lease: LeaseEnd): void {
    if (this.inSession) this.endSession();
    this.#raiseMinPosition(sessionMinPosition, logEnd);
    Atomics.store(this.#minPositions, sessionEpoch, BigInt(epoch));
    this.#grant(lease);
    Atomics.add(this.#words, generationIndex, 1);
  }

  /** Owner: extends the lease of this session. */
  renew(lease: LeaseEnd): void {
    assert(this.inSession, 'a lease needs a session');
    this.#grant(lease);
  }

  /** Owner: ends the session, which invalidates every thread's cache at once. */
  endSession(): void {
    if (this.inSession) Atomics.add(this.#words, generationIndex, 1);
  }

  #isLeasedNow(): boolean {
    return (
      this.#clock.nowMs() < this.#endAt(leaseEnd) &&
      this.#clock.wallMs() < this.#endAt(wallLeaseEnd)
    );
  }

  #grant({ atMs, atWallMs }: LeaseEnd): void {
    this.#setEnd(leaseEnd, Math.floor(atMs));
    this.#setEnd(wallLeaseEnd, Math.floor(atWallMs));
  }

  /**
   * Writes the low bits before the high ones; readers read in the opposite order. A half-written
   * change only ends the lease early.
   */
  #setEnd(place: number, ms: number): void {
    Atomics.store(this.#words, place, ms | 0);
    Atomics.store(this.#words, place + 1, Math.floor(ms / 2 ** 32));
  }

  #endAt(place: number): number {
    const high = Atomics.load(this.#words, place + 1);
    return high * 2 ** 32 + (Atomics.load(this.#words, place) >>> 0);
  }

  /** Invalidates every cached copy and lets no old answer in: a newer version only refuses more. */
  #bumpAll(count: number): void {
    for (let i = 0; i < buckets; i++) Atomics.store(this.#words, versionsStart + i, count);
  }

  #raiseMinPosition(bucket: number, seq: number): void {
    const position = BigInt(seq);
    if (Atomics.load(this.#minPositions, bucket) < position)
      Atomics.store(this.#minPositions, bucket, position);
  }
}

/** FNV-1a over the text's UTF-16 code units. */
function textBucket(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (buckets - 1);
}
