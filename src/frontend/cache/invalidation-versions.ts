/**
 * The memory that a frontend's owner shares with its session threads: a stamp and a floor for each
 * hash bucket of items, the session's generation, and the end of its lease. Bumping a stamp makes
 * every thread's copies of the items in its bucket stale at once, without a message; the lease is
 * held against both clocks at each look (docs/PROTOCOL.md, R8). Only the owner writes. Invariant:
 * stamps, floors and the generation never go back.
 */
import { assert } from '../../base/assert.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { cacheLimits } from '../../base/limits.js';

const buckets = cacheLimits.versionBuckets;
const generationIndex = 0;
/** Counts the invalidations: the stamp of a bucket is the count at its last one. */
const countIndex = 1;
/**
 * When the lease ends by the monotonic clock, which all threads share, and by the wall clock: the low
 * and the high 32 bits of the milliseconds.
 */
const leaseEnd = 2;
const wallLeaseEnd = 4;
const versionsStart = 6;
/** So often every bucket is stamped: older than 2^31 invalidations a stamp would look new. */
const bumpAllEvery = 2 ** 30;
const floorsStart = Math.ceil(((versionsStart + buckets) * 4) / 8) * 8;
/** After the floors of the buckets stands the floor of the session, which is every bucket's. */
const sessionFloor = buckets;
const sessionEpoch = buckets + 1;
/** The newest log time of the catalog that this frontend has heard of, and one: 0 is none. */
const heardLogTime = buckets + 2;
const longs = buckets + 3;
const bytes = floorsStart + longs * 8;

/** The end of a lease, in milliseconds of each clock; the earlier of both ends it. */
export interface LeaseEnd {
  readonly atMs: number;
  readonly atWallMs: number;
}

/** A lease that is asked for now, and so counted from now (A16). */
export function leaseFromNow(clock: Clock, ms: number): LeaseEnd {
  return { atMs: clock.nowMs() + ms, atWallMs: clock.wallMs() + ms };
}

/**
 * Whether a question about the lease reads the clocks: always, or only the first one of a batch of
 * input, whose answer (`leased` or `lapsed`) then counts for the rest of the batch.
 */
const clockReads = { always: 0, onNextQuestion: 1, leased: 2, lapsed: 3 } as const;

/** What a reader saw before it asked the catalog; see `Stamps.mayFill`. */
export interface Sighting {
  readonly bucket: number;
  readonly bump: number;
  readonly generation: number;
}

/** The same for a reader who does not know yet which items its answer will be about. */
export interface Horizon {
  readonly count: number;
  readonly generation: number;
}

export class InvalidationVersions {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #floors: BigInt64Array;
  readonly #clock: Clock;
  #clockReads: (typeof clockReads)[keyof typeof clockReads] = clockReads.always;

  /** The clock has one origin for all threads. */
  constructor(
    buffer: SharedArrayBuffer = new SharedArrayBuffer(bytes),
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    assert(buffer.byteLength === bytes, 'the shared memory has its size');
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, versionsStart + buckets);
    this.#floors = new BigInt64Array(buffer, floorsStart, longs);
  }

  /** Odd while a session with the catalog leader lasts; a cached entry is of one generation. */
  get generation(): number {
    return Atomics.load(this.#words, generationIndex);
  }

  /** Of the leader with which the session is, or the last one was. */
  get epoch(): number {
    return Number(Atomics.load(this.#floors, sessionEpoch));
  }

  /**
   * The newest log time of an entry that a catalog replica has applied, as far as this frontend knows;
   * undefined where no member has told one. A purchase takes its age from here (docs/PROTOCOL.md, 5).
   */
  get logTime(): number | undefined {
    const heard = Atomics.load(this.#floors, heardLogTime);
    return heard === 0n ? undefined : Number(heard) - 1;
  }

  get inSession(): boolean {
    return this.generation % 2 === 1;
  }

  /**
   * By the clocks, now: no timer tells it, for after a pause input may come before timers (A17). The
   * monotonic clock stands still while the machine is suspended, so the wall clock is asked as well.
   */
  get isLeased(): boolean {
    if (this.#clockReads === clockReads.always) return this.#isLeasedNow();
    if (this.#clockReads === clockReads.onNextQuestion) {
      this.#clockReads = this.#isLeasedNow() ? clockReads.leased : clockReads.lapsed;
    }
    return this.#clockReads === clockReads.leased;
  }

  /**
   * Until `inputEnds`, all within this turn, this thread serves requests that have arrived already. One
   * look at the clocks is enough for all: what is current then is an answer to each (A17).
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

  /** Of the lists of a topic, in lower case; '' stands for lists by text alone. */
  topicBucket(topic: string): number {
    return textBucket(topic, 0x2f0b4c27);
  }

  /** To be taken before the question is sent, never after (A18). */
  sight(bucket: number): Sighting {
    return {
      bucket,
      bump: Atomics.load(this.#words, versionsStart + bucket),
      generation: this.generation,
    };
  }

  /** To be taken before a question whose answer may be about any item. */
  horizon(): Horizon {
    return { count: Atomics.load(this.#words, countIndex), generation: this.generation };
  }

  /** The bucket as it was at the horizon; undefined where an invalidation has come since. */
  sightedAt(bucket: number, { count, generation }: Horizon): Sighting | undefined {
    const bump = Atomics.load(this.#words, versionsStart + bucket);
    return ((count - bump) | 0) < 0 ? undefined : { bucket, bump, generation };
  }

  /**
   * True while nothing of the bucket was invalidated and the session and its lease last. The
   * generation comes last: the lease that was looked at is then of no later session.
   */
  isCurrent(sighting: Sighting): boolean {
    return (
      Atomics.load(this.#words, versionsStart + sighting.bucket) === sighting.bump &&
      this.isLeased &&
      Atomics.load(this.#words, generationIndex) === sighting.generation
    );
  }

  /**
   * May an answer be cached, of a replica that had applied through `appliedSeq`? `lender` is the
   * epoch of the leader that knows of it and will say when it changes; 0: none does.
   */
  mayFill(sighting: Sighting, appliedSeq: number, grantor: number): boolean {
    if (sighting.generation % 2 === 0 || !this.isCurrent(sighting)) return false;
    return this.isAboveFloor(sighting.bucket, appliedSeq) && this.isSessionWith(grantor);
  }

  /** Does an answer from this position hold all that the bucket was invalidated for? */
  isAboveFloor(bucket: number, appliedSeq: number): boolean {
    const applied = BigInt(appliedSeq);
    return (
      applied >= Atomics.load(this.#floors, bucket) &&
      applied >= Atomics.load(this.#floors, sessionFloor)
    );
  }

  /** Is, or was, the last session with the leader of this epoch? 0 is nobody's. */
  isSessionWith(epoch: number): boolean {
    return epoch > 0 && this.epoch === epoch;
  }

  /** Owner: a member has told the log time of an applied entry of the catalog. */
  heardLogTime(logTime: number): void {
    const heard = BigInt(logTime) + 1n;
    if (Atomics.load(this.#floors, heardLogTime) < heard) {
      Atomics.store(this.#floors, heardLogTime, heard);
    }
  }

  /** Owner: an entry that will be applied at `seq` touches an item of the bucket. */
  invalidate(bucket: number, seq: number): void {
    this.#raiseFloor(bucket, seq);
    const count = (Atomics.load(this.#words, countIndex) + 1) | 0;
    if (count % bumpAllEvery === 0) this.#bumpAll(count);
    Atomics.store(this.#words, versionsStart + bucket, count);
    Atomics.store(this.#words, countIndex, count);
  }

  /**
   * Owner: a session with the leader of an epoch began; nothing older than its log end is cached,
   * and nothing is served from the end of its lease on.
   */
  beginSession(logEnd: number, epoch: number, lease: LeaseEnd): void {
    if (this.inSession) this.endSession();
    this.#raiseFloor(sessionFloor, logEnd);
    Atomics.store(this.#floors, sessionEpoch, BigInt(epoch));
    this.#grant(lease);
    Atomics.add(this.#words, generationIndex, 1);
  }

  /** Owner: the lease of this session goes on. */
  renew(lease: LeaseEnd): void {
    assert(this.inSession, 'a lease is of a session');
    this.#grant(lease);
  }

  /** Owner: the session is over; every thread's cache is void at once. */
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

  /** The low bits before the high ones, and read the other way: half of a change ends it early. */
  #setEnd(place: number, ms: number): void {
    Atomics.store(this.#words, place, ms | 0);
    Atomics.store(this.#words, place + 1, Math.floor(ms / 2 ** 32));
  }

  #endAt(place: number): number {
    const high = Atomics.load(this.#words, place + 1);
    return high * 2 ** 32 + (Atomics.load(this.#words, place) >>> 0);
  }

  /** It voids what is cached and lets nothing through: a stamp that is newer refuses more. */
  #bumpAll(count: number): void {
    for (let i = 0; i < buckets; i++) Atomics.store(this.#words, versionsStart + i, count);
  }

  #raiseFloor(bucket: number, seq: number): void {
    const floor = BigInt(seq);
    if (Atomics.load(this.#floors, bucket) < floor) Atomics.store(this.#floors, bucket, floor);
  }
}

/** FNV-1a over the text's UTF-16 units. */
function textBucket(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (buckets - 1);
}
