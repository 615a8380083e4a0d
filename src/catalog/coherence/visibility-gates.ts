/**
 * The gates of the catalog's log (docs/PROTOCOL.md, R7 and R8): an appended entry that touches an
 * item becomes visible only when every frontend that may hold the item in its cache has
 * acknowledged the invalidation, or its lease has run out. Knows no socket: a frontend is a
 * CacheHolder. Invariant: a gate never opens before the gates of all earlier entries.
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
  /** Entries through this seq may become visible. */
  readonly open: (throughSeq: number) => void;
}

export class VisibilityGates {
  readonly sessions = new CacheSessions();
  readonly lent = new CacheGrants();
  readonly #options: VisibilityGatesOptions;
  /** Appended and not yet applied: what each touches. */
  readonly #unapplied = new NumberMap<WriteSet>();
  readonly #pendingIds = new Map<number, number>();
  /** Names that come or go, and names that sales refer to; names and topics by their keys. */
  readonly #pendingNames = new Map<string, number>();
  readonly #pendingTopics = new Map<string, number>();
  /** Unapplied entries that touch everything. */
  #pendingAll = 0;
  #appended = 0;
  #opened = 0;
  /** Fires when somebody need no longer be waited for. */
  #expiry: Timer | undefined;
  #expiryMs = Number.POSITIVE_INFINITY;

  constructor(options: VisibilityGatesOptions) {
    this.#options = options;
  }

  /** The last entry appended. */
  get appendedSeq(): number {
    return this.#appended;
  }

  /** An entry was appended: invalidates at once, at the same time as the entry is replicated. */
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
   * An answer may be kept: a product's by its id and name, or that one of the two stands for none.
   * `asked` is the name in the spelling of the question, where it is another one.
   */
  grant(id: number | undefined, name: string | undefined, asked?: string): boolean {
    if (asked !== undefined && !this.lent.spelling(asked)) return false;
    if (id !== undefined && name !== undefined) {
      this.lent.product(id, name);
      return true;
    }
    if (name !== undefined) return this.lent.spelling(name);
    this.lent.absentId();
    return true;
  }

  /** The same for lists of a topic. */
  grantTopic(topic: string): boolean {
    return this.lent.topic(topic);
  }

  /** An entry was applied: its items can be cached again. */
  applied(seq: number): void {
    const writeSet = this.#unapplied.get(seq);
    if (!writeSet) return;
    this.#unapplied.delete(seq);
    this.#count(writeSet, -1);
  }

  /** Everything that unapplied entries touch. */
  pending(): WriteSet {
    return {
      ids: [...this.#pendingIds.keys()],
      names: [...this.#pendingNames.keys()],
      named: [],
      topics: [...this.#pendingTopics.keys()],
      ...(this.#pendingAll > 0 ? { all: true } : {}),
    };
  }

  /** False while an unapplied entry touches the item (A13). */
  isCacheable(id: number | undefined, name: string | undefined): boolean {
    if (this.#pendingAll > 0) return false;
    if (id !== undefined && this.#pendingIds.has(id)) return false;
    if (name === undefined || this.#pendingNames.size === 0) return true;
    return !this.#pendingNames.has(textKey(name));
  }

  isTopicCacheable(topic: string): boolean {
    return this.#pendingAll === 0 && !this.#pendingTopics.has(textKey(topic));
  }

  /**
   * This replica begins to lead with a log that ends at `appended` and of which it has applied
   * `applied`. What is beyond may contradict what a former leader lent, until `strangersUntilMs`
   * or until the sessions know better.
   */
  lead(appended: number, applied: number, strangersUntilMs: number): void {
    this.resign();
    this.#appended = appended;
    this.#opened = applied;
    this.sessions.lead(strangersUntilMs);
    this.advance();
  }

  /** This replica no longer leads: what it appended is not its own to show. */
  resign(): void {
    this.#unapplied.clear();
    this.#pendingIds.clear();
    this.#pendingNames.clear();
    this.#pendingTopics.clear();
    this.#pendingAll = 0;
    this.lent.clear();
    this.sessions.clear();
    this.#endExpiry();
  }

  /** Somebody has acknowledged, come, gone or run out of time: opens what need not wait. */
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
    assert(this.#unapplied.size > 0 || this.#pendingIds.size === 0, 'pending items are unapplied');
    assert(
      this.#unapplied.size > 0 || this.#pendingNames.size === 0,
      'pending names are unapplied',
    );
  }

  /** An item that is bought all the time is in no cache, and costs the frontends no message. */
  #invalidate(seq: number, writeSet: WriteSet): void {
    if (writeSet.all) {
      if (!this.lent.isEmpty) this.sessions.endAll(seq);
      this.lent.clear();
      return;
    }
    const kept = this.lent.take(writeSet);
    if (kept.ids.length + kept.names.length + kept.topics.length === 0) return;
    const now = (): number => this.#options.clock.nowMs();
    this.sessions.invalidate(seq, kept, now, () => this.advance());
  }

  /** A timer that comes late opens late, and never too early. */
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
    count(this.#pendingIds, writeSet.ids, step);
    count(this.#pendingNames, writeSet.names.map(textKey), step);
    count(this.#pendingNames, writeSet.named.map(textKey), step);
    count(this.#pendingTopics, writeSet.topics.map(textKey), step);
    if (writeSet.all) this.#pendingAll += step;
  }
}

function isEmpty({ ids, names, named, topics, all }: WriteSet): boolean {
  return !all && ids.length + names.length + named.length + topics.length === 0;
}

function count<K>(pending: Map<K, number>, keys: readonly K[], step: 1 | -1): void {
  for (const key of keys) {
    const next = (pending.get(key) ?? 0) + step;
    if (next > 0) pending.set(key, next);
    else pending.delete(key);
  }
}
