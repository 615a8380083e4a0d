/**
 * Finds products by topic or by a part of their text, in the order of their ids. An index over
 * records that others own: it can be made anew from them at any time and is no part of the state.
 * Invariant: each list holds each id once, ascending.
 */
import { assert, required } from '../base/assert.js';

export interface ProductQuery {
  /** The whole topic, in any case. */
  readonly topic?: string | undefined;
  /** A part of the name or of the topic, in any case. */
  readonly text?: string | undefined;
  readonly limit: number;
  /** Only ids greater than this one. */
  readonly after?: number | undefined;
}

export interface FoundIds {
  readonly ids: readonly number[];
  /** The `after` of the next page; undefined where this is the last. */
  readonly next: number | undefined;
}

interface Texts {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
}

const separator = '\n';

export class ProductIndex {
  readonly #ids: number[] = [];
  readonly #topics = new Map<string, number[]>();
  /** Name and topic in lower case. */
  readonly #texts = new Map<number, string>();

  add(product: Texts): void {
    insertSorted(this.#ids, product.id);
    this.#addTopic(product);
  }

  remove(product: Texts): void {
    removeSorted(this.#ids, product.id);
    this.#removeTopic(product);
    this.#texts.delete(product.id);
  }

  /** The product's topic is no longer `oldTopic`. */
  retopic(product: Texts, oldTopic: string): void {
    this.#removeTopic({ ...product, topic: oldTopic });
    this.#addTopic(product);
  }

  find(query: ProductQuery): FoundIds {
    const { topic, text, limit, after = 0 } = query;
    const source = topic === undefined ? this.#ids : (this.#topics.get(topic.toLowerCase()) ?? []);
    const part = text?.toLowerCase() ?? '';
    const ids: number[] = [];
    for (let place = firstAbove(source, after); place < source.length; place++) {
      const id = source[place] ?? 0;
      if (part !== '' && !this.#texts.get(id)?.includes(part)) continue;
      if (ids.length === limit) return { ids, next: ids.at(-1) };
      ids.push(id);
    }
    return { ids, next: undefined };
  }

  get size(): number {
    return this.#ids.length;
  }

  #addTopic(product: Texts): void {
    const topic = product.topic.toLowerCase();
    const ids = this.#topics.get(topic);
    if (ids) insertSorted(ids, product.id);
    else this.#topics.set(topic, [product.id]);
    this.#texts.set(product.id, product.name.toLowerCase() + separator + topic);
  }

  #removeTopic(product: Texts): void {
    const topic = product.topic.toLowerCase();
    const ids = required(this.#topics.get(topic), 'the topic of a product');
    removeSorted(ids, product.id);
    if (ids.length === 0) this.#topics.delete(topic);
  }
}

/** The place of the first id above `id`. */
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

function insertSorted(ids: number[], id: number): void {
  const place = firstAbove(ids, id);
  assert(place === 0 || ids[place - 1] !== id, 'an id is indexed once');
  if (place === ids.length) ids.push(id);
  else ids.splice(place, 0, id);
}

function removeSorted(ids: number[], id: number): void {
  const place = firstAbove(ids, id) - 1;
  assert(ids[place] === id, 'a removed id is in the index');
  ids.splice(place, 1);
}
