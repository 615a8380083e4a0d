/**
 * Finds products by topic or by a part of their text, in ascending order of id. An index over
 * records that others own: it can be rebuilt from them and is not part of the state. Invariant:
 * each list holds each id once, ascending.
 */
import { assert, required } from '../../base/assert.js';

export interface ProductQuery {
  /** The whole topic, ignoring case. */
  readonly topic?: string | undefined;
  /** A part of the name or of the topic, ignoring case. */
  readonly text?: string | undefined;
  readonly limit: number;
  /** Returns only ids greater than this one. */
  readonly after?: number | undefined;
}

export interface FoundIds {
  readonly ids: readonly number[];
  /** The `after` of the next page; undefined on the last page. */
  readonly next: number | undefined;
}

interface Texts {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
}

export class ProductIndex {
  /** All ids, and at the same indexes the texts that a search scans. */
  readonly #ids: number[] = [];
  readonly #texts: string[] = [];
  readonly #topics = new Map<string, number[]>();
  readonly #fold: (text: string) => string;
  readonly #topicKey: (topic: string) => string;

  /** `fold` normalizes texts for a text search, `topicKey` normalizes whole topics. */
  constructor(
    fold: (text: string) => string = lowerCase,
    topicKey: (topic: string) => string = lowerCase,
  ) {
    this.#fold = fold;
    this.#topicKey = topicKey;
  }

  add(product: Texts): void {
    const place = placeFor(this.#ids, product.id);
    insertAt(this.#ids, place, product.id);
    insertAt(this.#texts, place, this.#searchText(product));
    this.#addTopic(product);
  }

  remove(product: Texts): void {
    const place = placeOf(this.#ids, product.id);
    this.#ids.splice(place, 1);
    this.#texts.splice(place, 1);
    this.#removeTopic(product.id, product.topic);
  }

  /** The product's topic or name has changed; its topic was `oldTopic`. */
  changed(product: Texts, oldTopic: string): void {
    this.#removeTopic(product.id, oldTopic);
    this.#addTopic(product);
    this.#texts[placeOf(this.#ids, product.id)] = this.#searchText(product);
  }

  find(query: ProductQuery): FoundIds {
    const { topic, text = '', limit, after = 0 } = query;
    const part = this.#fold(text);
    const ids = topic === undefined ? this.#ids : (this.#topics.get(this.#topicKey(topic)) ?? []);
    const found: number[] = [];
    for (let place = firstAbove(ids, after); place < ids.length; place++) {
      const id = ids[place] ?? 0;
      if (part !== '') {
        const textPlace = ids === this.#ids ? place : placeOf(this.#ids, id);
        if (!this.#texts[textPlace]?.includes(part)) continue;
      }
      if (found.length === limit) return { ids: found, next: found.at(-1) };
      found.push(id);
    }
    return { ids: found, next: undefined };
  }

  get size(): number {
    return this.#ids.length;
  }

  #addTopic({ id, topic }: Texts): void {
    const key = this.#topicKey(topic);
    const ids = this.#topics.get(key);
    if (ids) insertAt(ids, placeFor(ids, id), id);
    else this.#topics.set(key, [id]);
  }

  #removeTopic(id: number, topic: string): void {
    const key = this.#topicKey(topic);
    const ids = required(this.#topics.get(key), 'the topic of a product');
    ids.splice(placeOf(ids, id), 1);
    if (ids.length === 0) this.#topics.delete(key);
  }

  /** Joins name and topic into one flat string: V8 searches a lazily concatenated string slowly. */
  #searchText({ name, topic }: Texts): string {
    return Buffer.from(this.#fold(`${name}\n${topic}`)).toString();
  }
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

/** Index of the first id greater than `id`. */
function firstAbove(ids: readonly number[], id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? 0) > id) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Insertion index of an id that is not in the list. */
function placeFor(ids: readonly number[], id: number): number {
  const place = firstAbove(ids, id);
  assert(place === 0 || ids[place - 1] !== id, 'an id is indexed once');
  return place;
}

function placeOf(ids: readonly number[], id: number): number {
  const place = firstAbove(ids, id) - 1;
  assert(ids[place] === id, 'the id is in the index');
  return place;
}

/** Fast path: most products come with the highest id so far. */
function insertAt<T>(list: T[], place: number, item: T): void {
  if (place === list.length) list.push(item);
  else list.splice(place, 0, item);
}
