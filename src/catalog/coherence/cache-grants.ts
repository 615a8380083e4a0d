/**
 * Records the items that the leader has let frontends cache since the last invalidation of each
 * item. Only these items need an invalidation message (docs/PROTOCOL.md, R8). Grants are not
 * tracked per frontend: every frontend may hold an item that was granted to one. Invariant: an item
 * without a grant is in no cache of a live session.
 */
import { leaseLimits } from '../../base/limits.js';
import { anyTopic, unusedIds } from '../../wire/internal.js';
import type { WriteSet } from '../machine/write-set.js';
import { GrantedTexts } from './granted-texts.js';

export class CacheGrants {
  /**
   * Invalidated products whose new records are worth pushing: product id to the remaining pushes.
   */
  readonly owed = new Map<number, number>();
  /** Granted products: product id to the remaining pushes of its new record. */
  readonly #ids = new Map<number, number>();
  /** Granted product names, spelled exactly as in the record. */
  readonly #names = new Set<string>();
  /** Granted names in other spellings, and names that no product has. */
  readonly #spellings = new GrantedTexts();
  readonly #topics = new GrantedTexts();
  /** Whether lists found by text alone are granted. */
  #anyTopic = false;
  /**
   * Whether "no such product" is granted for unused ids. One grant covers all of them, so it always
   * fits.
   */
  #unusedIds = false;

  /** True if nothing is granted. */
  get isEmpty(): boolean {
    const sets = [this.#ids, this.#names, this.#topics, this.#spellings];
    return !this.#unusedIds && !this.#anyTopic && sets.every(({ size }) => size === 0);
  }

  /** Grants a product by its id and its name. */
  product(id: number, name: string): void {
    this.#ids.set(id, leaseLimits.pushesMax);
    this.owed.delete(id);
    this.#names.add(name);
  }

  /** Grants the new record of a pushed product. */
  pushed(id: number, left: number): void {
    this.owed.delete(id);
    this.#ids.set(id, left);
  }

  /** Grants the answer "no such product" for an id. */
  absentId(): void {
    this.#unusedIds = true;
  }

  /**
   * Grants the answer "no such product" for a name, or a product under another spelling of its
   * name. Returns false if the limit is reached and the answer may not be cached.
   */
  spelling(name: string): boolean {
    return this.#spellings.add(name, leaseLimits.absentNamesMax);
  }

  /**
   * Grants a list. Returns false if the limit is reached; a list by text alone is always granted.
   */
  topic(topic: string): boolean {
    if (topic !== anyTopic) return this.#topics.add(topic, leaseLimits.topicsMax);
    this.#anyTopic = true;
    return true;
  }

  /** Removes and returns the granted items of the write set. The caller must invalidate them. */
  take(writeSet: WriteSet): WriteSet {
    const { stableNames } = writeSet;
    const ids = writeSet.ids.filter((id) => this.#takeId(id));
    const changedNames = writeSet.changedNames.flatMap((name) => this.#takeName(name));
    const topics = writeSet.topics.flatMap((topic) => this.#takeTopic(topic));
    return { ids, changedNames, stableNames, topics };
  }

  clear(): void {
    this.owed.clear();
    this.#ids.clear();
    this.#names.clear();
    this.#topics.clear();
    this.#spellings.clear();
    this.#anyTopic = false;
    this.#unusedIds = false;
  }

  #takeId(id: number): boolean {
    if (id === unusedIds) {
      const isKept = this.#unusedIds;
      this.#unusedIds = false;
      return isKept;
    }
    const pushesLeft = this.#ids.get(id);
    if (pushesLeft === undefined) return false;
    this.#ids.delete(id);
    if (pushesLeft > 0) this.owed.set(id, pushesLeft - 1);
    return true;
  }

  #takeName(name: string): string[] {
    const texts = this.#spellings.take(name);
    if (this.#names.delete(name) && !texts.includes(name)) texts.push(name);
    return texts;
  }

  #takeTopic(topic: string): string[] {
    if (topic !== anyTopic) return this.#topics.take(topic);
    const isKept = this.#anyTopic;
    this.#anyTopic = false;
    return isKept ? [anyTopic] : [];
  }
}
