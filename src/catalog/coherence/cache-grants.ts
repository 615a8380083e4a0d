/**
 * What the leader has let frontends keep since its last invalidation: nothing else can be in a
 * cache, so nothing else costs a message (docs/PROTOCOL.md, R8). Knows no frontend: whatever was
 * lent to one may be with all. Invariant: what is not in here is in no cache of a live session.
 */
import { leaseLimits } from '../../base/limits.js';
import { anyTopic, unusedIds } from '../../wire/internal.js';
import type { WriteSet } from '../machine/write-set.js';
import { GrantedTexts } from './granted-texts.js';

export class CacheGrants {
  /**
   * Products that were taken back and whose new records are worth a push: by id, how many further
   * pushes there may be.
   */
  readonly owed = new Map<number, number>();
  /** By id: how often its new record may still be pushed. */
  readonly #ids = new Map<number, number>();
  /** Of products, exactly as they have them. */
  readonly #names = new Set<string>();
  /** Names in other spellings, and those of which there is no product. */
  readonly #spellings = new GrantedTexts();
  readonly #topics = new GrantedTexts();
  /** Lists found by text alone. */
  #anyTopic = false;
  /** That there is none of some id. All such are lent together, so that there is always room. */
  #unusedIds = false;

  /** Nothing was lent since the last time that all was taken back. */
  get isEmpty(): boolean {
    const sets = [this.#ids, this.#names, this.#topics, this.#spellings];
    return !this.#unusedIds && !this.#anyTopic && sets.every(({ size }) => size === 0);
  }

  /** A product is answered, by its id or its name. */
  product(id: number, name: string): void {
    this.#ids.set(id, leaseLimits.pushesMax);
    this.owed.delete(id);
    this.#names.add(name);
  }

  /** The new record of a product is pushed. */
  pushed(id: number, left: number): void {
    this.owed.delete(id);
    this.#ids.set(id, left);
  }

  /** "There is none" is answered to an id. */
  absentId(): void {
    this.#unusedIds = true;
  }

  /**
   * "There is none" is answered to a name, or a product that has the name in another spelling. False
   * where that may not be kept.
   */
  spelling(name: string): boolean {
    return this.#spellings.add(name, leaseLimits.absentNamesMax);
  }

  /** A list is answered. False where it may not be kept; those by text alone always may. */
  topic(topic: string): boolean {
    if (topic !== anyTopic) return this.#topics.add(topic, leaseLimits.topicsMax);
    this.#anyTopic = true;
    return true;
  }

  /** What of it may be in a cache: it is to be invalidated, and is lent no more. */
  take(writeSet: WriteSet): WriteSet {
    const { named } = writeSet;
    const ids = writeSet.ids.filter((id) => this.#takeId(id));
    const names = writeSet.names.flatMap((name) => this.#takeName(name));
    const topics = writeSet.topics.flatMap((topic) => this.#takeTopic(topic));
    return { ids, names, named, topics };
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
