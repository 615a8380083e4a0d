/**
 * The gates of the catalog's log (docs/PROTOCOL.md, R7 and R8): an appended entry that touches an
 * item becomes visible only when every frontend that may hold the item in its cache has
 * acknowledged the invalidation. Knows no socket: a frontend is a CacheHolder. Invariant: a gate
 * never opens before the gates of all earlier entries.
 */
import { assert } from '../base/assert.js';

/**
 * What an undecided command may change: product ids (0 stands for ids never used), names that come
 * or go, topics whose lists change ('' stands for lists by text alone).
 */
export interface Touches {
  readonly ids: readonly number[];
  readonly names: readonly string[];
  readonly topics: readonly string[];
}

/** A frontend that holds cached products. */
export interface CacheHolder {
  readonly name: string;
  /** Drops the items from the cache and then calls back, in the order of the calls. */
  invalidate(seq: number, touches: Touches, acknowledged: () => void): void;
}

interface Holding {
  readonly holder: CacheHolder;
  /** The newest invalidation sent, and the newest acknowledged. */
  sent: number;
  acknowledged: number;
}

export interface GatesOptions {
  /** Entries through this seq may become visible. */
  readonly open: (throughSeq: number) => void;
}

export class Gates {
  readonly #open: (throughSeq: number) => void;
  readonly #holdings = new Map<CacheHolder, Holding>();
  /** Appended and not yet applied: what each touches. */
  readonly #unapplied = new Map<number, Touches>();
  readonly #pendingIds = new Map<number, number>();
  readonly #pendingNames = new Map<string, number>();
  readonly #pendingTopics = new Map<string, number>();
  /** What was answered as cacheable since its last invalidation: nothing else can be in a cache. */
  readonly #lentIds = new Set<number>();
  readonly #lentNames = new Set<string>();
  readonly #lentTopics = new Set<string>();
  #appended = 0;
  #opened = 0;

  constructor(options: GatesOptions) {
    this.#open = options.open;
  }

  /** An entry was appended: invalidates at once, at the same time as the entry is replicated. */
  appended(seq: number, touches: Touches): void {
    assert(seq > this.#appended, 'entries are appended in order');
    this.#appended = seq;
    if (touches.ids.length + touches.names.length + touches.topics.length > 0) {
      this.#unapplied.set(seq, touches);
      count(this.#pendingIds, touches.ids, 1);
      count(this.#pendingNames, touches.names, 1);
      count(this.#pendingTopics, touches.topics, 1);
      this.#invalidate(seq, touches);
    }
    this.#advance();
  }

  /** A frontend is given an answer that it may cache. */
  lend(id: number | undefined, name: string | undefined): void {
    if (this.#holdings.size === 0) return;
    if (id !== undefined) this.#lentIds.add(id);
    if (name !== undefined) this.#lentNames.add(name);
  }

  /** The same for lists of a topic. */
  lendTopic(topic: string): void {
    if (this.#holdings.size > 0) this.#lentTopics.add(topic);
  }

  /** An entry was applied: its items can be cached again. */
  applied(seq: number): void {
    const touches = this.#unapplied.get(seq);
    if (!touches) return;
    this.#unapplied.delete(seq);
    count(this.#pendingIds, touches.ids, -1);
    count(this.#pendingNames, touches.names, -1);
    count(this.#pendingTopics, touches.topics, -1);
  }

  /** Everything that unapplied entries touch. */
  pending(): Touches {
    return {
      ids: [...this.#pendingIds.keys()],
      names: [...this.#pendingNames.keys()],
      topics: [...this.#pendingTopics.keys()],
    };
  }

  /** False while an unapplied entry touches the item (A13). */
  isCacheable(id: number | undefined, name: string | undefined): boolean {
    if (id !== undefined && this.#pendingIds.has(id)) return false;
    return name === undefined || !this.#pendingNames.has(name);
  }

  isTopicCacheable(topic: string): boolean {
    return !this.#pendingTopics.has(topic);
  }

  /** A frontend with an empty cache; it is told of every entry appended from now on. */
  join(holder: CacheHolder): void {
    this.#holdings.set(holder, {
      holder,
      sent: this.#appended,
      acknowledged: this.#appended,
    });
  }

  /** The frontend's session is over, and it knows: it serves nothing from its cache. */
  leave(holder: CacheHolder): void {
    if (this.#holdings.delete(holder)) this.#advance();
  }

  /** This replica begins to lead with a log that ends at `seq`: no cache holds anything of it yet. */
  lead(seq: number): void {
    this.resign();
    this.#appended = seq;
    this.#opened = seq;
    this.#open(seq);
  }

  /** This replica no longer leads: what it appended is not its own to show. */
  resign(): void {
    this.#unapplied.clear();
    this.#pendingIds.clear();
    this.#pendingNames.clear();
    this.#pendingTopics.clear();
    this.#lentIds.clear();
    this.#lentNames.clear();
    this.#lentTopics.clear();
    this.#holdings.clear();
  }

  get holders(): number {
    return this.#holdings.size;
  }

  invariants(): void {
    assert(this.#opened <= this.#appended, 'only appended entries have gates');
    for (const holding of this.#holdings.values()) {
      assert(holding.acknowledged <= holding.sent, 'only what was sent is acknowledged');
    }
    assert(this.#unapplied.size > 0 || this.#pendingIds.size === 0, 'pending items are unapplied');
  }

  /** An item that is bought all the time is in no cache, and costs the frontends no message. */
  #invalidate(seq: number, touches: Touches): void {
    const ids = touches.ids.filter((id) => this.#lentIds.delete(id));
    const names = touches.names.filter((name) => this.#lentNames.delete(name));
    const topics = touches.topics.filter((topic) => this.#lentTopics.delete(topic));
    if (ids.length + names.length + topics.length === 0) return;
    for (const holding of this.#holdings.values()) {
      holding.sent = seq;
      holding.holder.invalidate(seq, { ids, names, topics }, () => {
        assert(seq > holding.acknowledged, 'invalidations are acknowledged in order');
        holding.acknowledged = seq;
        this.#advance();
      });
    }
  }

  #advance(): void {
    let through = this.#appended;
    for (const holding of this.#holdings.values()) {
      if (holding.acknowledged < holding.sent) through = Math.min(through, this.#before(holding));
    }
    if (through <= this.#opened) return;
    this.#opened = through;
    this.#open(through);
  }

  /** The last entry that a frontend no longer holds up: the one before its oldest open invalidation. */
  #before(holding: Holding): number {
    for (const seq of this.#unapplied.keys()) {
      if (seq > holding.acknowledged) return seq - 1;
    }
    return this.#appended;
  }
}

function count<K>(pending: Map<K, number>, keys: readonly K[], step: 1 | -1): void {
  for (const key of keys) {
    const next = (pending.get(key) ?? 0) + step;
    if (next > 0) pending.set(key, next);
    else pending.delete(key);
  }
}
