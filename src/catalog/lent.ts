/**
 * What the leader has let frontends keep since its last invalidation: nothing else can be in a
 * cache, so nothing else costs a message (docs/PROTOCOL.md, R8). Knows no frontend: whatever was
 * lent to one may be with all. Invariant: what is not in here is in no cache of a live session.
 */
import type { Touches } from './gates.js';

/** Answers "there is none" that are remembered; further ones are not lent. */
const absentMax = 65_536;

/** New records that one question is worth: who no longer asks is not told for ever. */
const pushesMax = 8;

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
  readonly #absent = new Set<number | string>();

  /** A product is answered, by its id or its name. */
  product(id: number, name: string): void {
    this.#ids.set(id, pushesMax);
    this.owed.delete(id);
    this.#names.add(name);
  }

  /** The new record of a product is pushed. */
  pushed(id: number, left: number): void {
    this.owed.delete(id);
    this.#ids.set(id, left);
  }

  /** "There is none" is answered. False where that may not be kept. */
  absent(item: number | string): boolean {
    if (this.#absent.size >= absentMax && !this.#absent.has(item)) return false;
    this.#absent.add(item);
    return true;
  }

  topic(topic: string): void {
    this.#topics.add(topic);
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
    this.#absent.clear();
  }

  #takeId(id: number): boolean {
    const pushesLeft = this.#ids.get(id);
    if (pushesLeft === undefined) return this.#absent.delete(id);
    this.#ids.delete(id);
    this.#absent.delete(id);
    if (pushesLeft > 0) this.owed.set(id, pushesLeft - 1);
    return true;
  }

  #takeName(name: string): boolean {
    const isKept = this.#names.delete(name);
    return this.#absent.delete(name) || isKept;
  }
}
