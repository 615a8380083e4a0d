/**
 * What the leader has let frontends keep since its last invalidation: nothing else can be in a
 * cache, so nothing else costs a message (docs/PROTOCOL.md, R8). Knows no frontend: whatever was
 * lent to one may be with all. Invariant: what is not in here is in no cache of a live session.
 */
import { leaseLimits } from '../base/limits.js';
import { anyTopic, unusedIds } from '../wire/internal.js';
import type { Touches } from './gates.js';

export class Lent {
  /**
   * Products that were taken back and whose new records are worth a push: by id, how many further
   * pushes there may be.
   */
  readonly owed = new Map<number, number>();
  /** By id: how often its new record may still be pushed. */
  readonly #ids = new Map<number, number>();
  readonly #names = new Set<string>();
  readonly #topics = new Set<string>();
  /** Of these there is no product. */
  readonly #absentNames = new Set<string>();
  /** That there is none of some id. All such are lent together, so that there is always room. */
  #unusedIds = false;

  /** Nothing was lent since the last time that all was taken back. */
  get isEmpty(): boolean {
    const sets = [this.#ids, this.#names, this.#topics, this.#absentNames];
    return !this.#unusedIds && sets.every(({ size }) => size === 0);
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

  /** "There is none" is answered to a name. False where that may not be kept. */
  absentName(name: string): boolean {
    return addWithin(this.#absentNames, name, leaseLimits.absentNamesMax);
  }

  /** A list is answered. False where it may not be kept; those by text alone always may. */
  topic(topic: string): boolean {
    const { topicsMax } = leaseLimits;
    return addWithin(this.#topics, topic, topic === anyTopic ? topicsMax + 1 : topicsMax);
  }

  /** What of it may be in a cache: it is to be invalidated, and is lent no more. */
  take(touches: Touches): Touches {
    const { named } = touches;
    const ids = touches.ids.filter((id) => this.#takeId(id));
    const names = touches.names.filter((name) => this.#takeName(name));
    const topics = touches.topics.filter((topic) => this.#topics.delete(topic));
    return { ids, names, named, topics };
  }

  clear(): void {
    this.owed.clear();
    this.#ids.clear();
    this.#names.clear();
    this.#topics.clear();
    this.#absentNames.clear();
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

  #takeName(name: string): boolean {
    const isKept = this.#names.delete(name);
    return this.#absentNames.delete(name) || isKept;
  }
}

/** False where there is no room. */
function addWithin(set: Set<string>, text: string, max: number): boolean {
  if (set.size >= max && !set.has(text)) return false;
  set.add(text);
  return true;
}
