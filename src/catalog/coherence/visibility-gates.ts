/**
 * Holds back the entries of the catalog's log until they may become visible (docs/PROTOCOL.md, R7
 * and R8). An appended entry that touches an item becomes visible when every frontend that may
 * cache the item has acknowledged the invalidation, or its lease has expired. Uses no socket: a
 * frontend is a CacheHolder. Invariant: a gate never opens before the gates of all earlier entries.
 */
import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import { NumberMap } from '../../base/number-map.js';
import { textKey } from '../../base/product-text.js';
import type { WriteSet } from '../machine/write-set.js';
import { CacheGrants } from './cache-grants.js';
import { CacheSessions } from './cache-sessions.js';

export interface VisibilityGatesOptions {
  readonly clock: Clock;
  /** Called when the entries through this seq may become visible. */
  readonly open: (throughSeq: number) => void;
}

export class VisibilityGates {
  readonly sessions = new CacheSessions();
  readonly grants = new CacheGrants();
  readonly #options: VisibilityGatesOptions;
  /** Write sets of the entries that are appended and not applied yet, by seq. */
  readonly #unapplied = new NumberMap<WriteSet>();
  readonly #undecidedIds = new Map<number, number>();
  /**
   * Names that appear or disappear and names that sales refer to. Names and topics are held by
   * their keys.
   */
  readonly #undecidedNames = new Map<string, number>();
  readonly #undecidedTopics = new Map<string, number>();
  /** Number of unapplied entries that touch everything. */
  #undecidedAll = 0;
  #appended = 0;
  #opened = 0;
  /** Fires when the next lease expires that holds an entry back. */
  #expiry: Timer | undefined;
  #expiryMs = Number.POSITIVE_INFINITY;

  constructor(options: VisibilityGatesOptions) {
    this.#options = options;
  }

  /** Seq of the last appended entry. */
  get appendedSeq(): number {
    return this.#appended;
  }

  /** An entry was appended. Sends the invalidation while the entry is replicated. */
  appended(seq: number, writeSet: WriteSet): void {
    assert(seq > this.#appended, 'entries are appended in order');
    this.#appended = seq;
    if (!isEmpty(writeSet)) {
      this.#unapplied.set(seq, writeSet);
      this.#count(writeSet, 1);
      this.#invalidate(seq, writeSet);
    }
    this.advance();
  }

  /**
   * Grants a product by its id and name, or the absence of one if only the id or only the name is
   * given. `asked` is the name as the question spells it, if the spelling differs. Returns false if
   * the answer may not be cached.
   */
  grant(id: number | undefined, name: string | undefined, asked?: string): boolean {
    if (asked !== undefined && !this.grants.spelling(asked)) return false;
    if (id !== undefined && name !== undefined) {
      this.grants.product(id, name);
      return true;
    }
    if (name !== undefined) return this.grants.spelling(name);
    this.grants.absentId();
    return true;
  }

  /** Grants a list of a topic. */
  grantTopic(topic: string): boolean {
    return this.grants.topic(topic);
  }

  /** An entry was applied: its items can be granted again. */
  applied(seq: number): void {
    const writeSet = this.#unapplied.get(seq);
    if (!writeSet) return;
    this.#unapplied.delete(seq);
    this.#count(writeSet, -1);
  }

  /** Union of the write sets of the unapplied entries. */
  undecided(): WriteSet {
    return {
      ids: [...this.#undecidedIds.keys()],
      changedNames: [...this.#undecidedNames.keys()],
      stableNames: [],
      topics: [...this.#undecidedTopics.keys()],
      ...(this.#undecidedAll > 0 ? { all: true } : {}),
    };
  }

  /** False while an unapplied entry touches the item (A13). */
  isCacheable(id: number | undefined, name: string | undefined): boolean {
    if (this.#undecidedAll > 0) return false;
    if (id !== undefined && this.#undecidedIds.has(id)) return false;
    if (name === undefined || this.#undecidedNames.size === 0) return true;
    return !this.#undecidedNames.has(textKey(name));
  }

  isTopicCacheable(topic: string): boolean {
    return this.#undecidedAll === 0 && !this.#undecidedTopics.has(textKey(topic));
  }

  /**
   * This replica begins to lead. Its log ends at `appended`, and it has applied `applied`. The
   * entries between may contradict grants of a former leader. They wait until `strangersUntilMs`,
   * or until the sessions know all processes that may hold such grants.
   */
  startLeading(appended: number, applied: number, strangersUntilMs: number): void {
    this.resign();
    this.#appended = appended;
    this.#opened = applied;
    this.sessions.startLeading(strangersUntilMs);
    this.advance();
  }

  /**
   * This replica no longer leads, and no longer decides when its appended entries become visible.
   */
  resign(): void {
    this.#unapplied.clear();
    this.#undecidedIds.clear();
    this.#undecidedNames.clear();
    this.#undecidedTopics.clear();
    this.#undecidedAll = 0;
    this.grants.clear();
    this.sessions.clear();
    this.#endExpiry();
  }

  /** A session changed or a lease expired: opens the gates that no session holds back. */
  advance(): void {
    const nowMs = this.#options.clock.nowMs();
    this.sessions.expire(nowMs);
    const through = this.sessions.openThrough(this.#appended, this.#opened);
    if (through > this.#opened) {
      this.#opened = through;
      this.#options.open(through);
    }
    if (this.#opened < this.#appended) this.#awaitExpiry(nowMs);
  }

  invariants(): void {
    assert(this.#opened <= this.#appended, 'only appended entries have gates');
    assert(
      this.#unapplied.size > 0 || this.#undecidedIds.size === 0,
      'pending items are unapplied',
    );
    assert(
      this.#unapplied.size > 0 || this.#undecidedNames.size === 0,
      'pending names are unapplied',
    );
  }

  /**
   * Sends only granted items. A product that is bought all the time is in no cache and costs no
   * message.
   */
  #invalidate(seq: number, writeSet: WriteSet): void {
    if (writeSet.all) {
      if (!this.grants.isEmpty) this.sessions.endAll(seq);
      this.grants.clear();
      return;
    }
    const kept = this.grants.take(writeSet);
    if (kept.ids.length + kept.changedNames.length + kept.topics.length === 0) return;
    const now = (): number => this.#options.clock.nowMs();
    this.sessions.invalidate(seq, kept, now, () => this.advance());
  }

  /** A late timer opens the gate later, never too early. */
  #awaitExpiry(nowMs: number): void {
    const nextMs = this.sessions.nextExpiryMs();
    if (nextMs >= this.#expiryMs) return;
    this.#endExpiry();
    this.#expiryMs = nextMs;
    this.#expiry = this.#options.clock.after(Math.max(1, nextMs - nowMs), () => {
      this.#endExpiry();
      this.advance();
    });
  }

  #endExpiry(): void {
    this.#expiry?.cancel();
    this.#expiry = undefined;
    this.#expiryMs = Number.POSITIVE_INFINITY;
  }

  #count(writeSet: WriteSet, step: 1 | -1): void {
    count(this.#undecidedIds, writeSet.ids, step);
    count(this.#undecidedNames, writeSet.changedNames.map(textKey), step);
    count(this.#undecidedNames, writeSet.stableNames.map(textKey), step);
    count(this.#undecidedTopics, writeSet.topics.map(textKey), step);
    if (writeSet.all) this.#undecidedAll += step;
  }
}

function isEmpty({ ids, changedNames, stableNames, topics, all }: WriteSet): boolean {
  return !all && ids.length + changedNames.length + stableNames.length + topics.length === 0;
}

function count<K>(undecided: Map<K, number>, keys: readonly K[], step: 1 | -1): void {
  for (const key of keys) {
    const next = (undecided.get(key) ?? 0) + step;
    if (next > 0) undecided.set(key, next);
    else undecided.delete(key);
  }
}
