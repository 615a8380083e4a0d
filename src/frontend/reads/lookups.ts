/**
 * Look-ups as one session thread does them: from its cache, else at a catalog replica, with all who
 * want the same item at the same time. What is answered fills the cache, but for items that are hot.
 * Invariant: nobody gets an answer that lacks what was visible to anybody when they asked.
 */
import type { Clock } from '../../base/clock.js';
import { encode } from '../../wire/codec.js';
import {
  type ProductRecord,
  type UncachedReadAnswer,
  type UncachedReadParams,
  unusedIds,
} from '../../wire/internal.js';
import type { Params, Product } from '../../wire/schemas.js';
import type { LookupAnswer, LookupManyAnswer } from '../../wire/thread-questions.js';
import { productNotFound, toProduct } from '../answers.js';
import type { Horizon, Sighting } from '../cache/invalidation-versions.js';
import type { Cached, ProductCache, Provenance } from '../cache/product-cache.js';
import { HotItems, type UncachedRead } from '../cache/request-coalescing.js';
import { type SharedAnswer, SharedQuestions } from '../cache/shared-questions.js';
import type { Ask } from '../types.js';
import type { Questions } from './questions.js';

export interface FoundProduct {
  readonly product: Product;
  /** As a MessagePack map. */
  readonly encoded: Uint8Array;
}

interface Answer extends SharedAnswer {
  /** Undefined: there is no such product. */
  readonly found: FoundProduct | undefined;
}

interface FoundUncached extends UncachedRead {
  readonly found: FoundProduct | undefined;
  readonly wasKept: boolean;
}

export interface LookupsOptions {
  readonly questions: Questions;
  readonly cache: ProductCache;
  readonly clock: Clock;
  /** As in HotItems. */
  readonly crowd?: number | undefined;
}

export class Lookups {
  readonly #questions: Questions;
  readonly #cache: ProductCache;
  /** Look-ups by id, so that many readers of one item make one question. */
  readonly #shared: SharedQuestions<Answer>;
  readonly #hot: HotItems<FoundUncached>;

  constructor({ questions, cache, clock, crowd }: LookupsOptions) {
    this.#questions = questions;
    this.#cache = cache;
    this.#hot = new HotItems({
      clock,
      crowd,
      kept: (id) => uncachedReadAt(cache.peek(id)),
      ask: (id, ask) => this.#uncachedRead(id, ask),
    });
    this.#shared = new SharedQuestions({
      clock,
      sight: (id) => cache.sightId(id),
      mayJoin: (sighting) => cache.mayJoin(sighting),
      ask: (id, sighting, ask) => this.#fetch(id, sighting, ask),
      wanted: (id, by) => this.#hot.wanted(id, by),
    });
  }

  /** The hot path: no promise, no message. */
  cached(params: Params<'lookup'>): Cached | undefined {
    if (this.#hot.any && this.#isHot(params)) return undefined;
    return 'id' in params ? this.#cache.find(params.id) : this.#cache.findByName(params.name);
  }

  /** A product that the cache has not, or that is so hot that it is not looked for there at once. */
  fetch(params: Params<'lookup'>, ask: Ask): Promise<FoundProduct> {
    const item = 'id' in params ? params.id : (this.#cache.idOf(params.name) ?? params.name);
    const shared = typeof item === 'number' ? this.#hot.join(item, ask) : undefined;
    if (shared === undefined || typeof item !== 'number') return this.#ask(item, ask);
    // Of a crowd each costs one promise here.
    return shared.then((told) => {
      if (told === undefined) return this.#lookAgain(item, ask);
      this.#cache.counters[told.wasKept ? 'hits' : 'misses']++;
      if (told.found === undefined) throw productNotFound();
      return told.found;
    });
  }

  /** Sees to it that the product is in the cache soon, unless somebody has asked for it already. */
  refresh(id: number, ask: Ask): void {
    if (this.#shared.has(id) || this.#cache.peek(id)) return;
    this.#byId(id, ask).catch(() => {});
  }

  /** In the order of the ids, in one question; undefined where there is no such product. */
  async fetchMany(ids: readonly number[], ask: Ask): Promise<(FoundProduct | undefined)[]> {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) return [await this.#byId(only, ask)];
    const horizon = this.#cache.horizon();
    const answer = await this.#questions.read('catalog', 'lookup_many', [ids], ask);
    const [records, grantor, appliedSeq, kept] = answer as LookupManyAnswer;
    return records.map((record, place) => {
      const from = { appliedSeq, grantor: kept[place] ? grantor : 0 };
      if (record !== null) return this.keep(record, horizon, from);
      this.#cache.fillAbsence(ids[place] ?? 0, horizon, from);
      return undefined;
    });
  }

  /** A record of an answer to a question asked at the horizon. */
  keep(record: ProductRecord, horizon: Horizon, from: Provenance): FoundProduct {
    const product = toProduct(record);
    const found = { product, encoded: encode(product) };
    this.#cache.fillAt(product, found.encoded, horizon, from);
    return found;
  }

  /** Not shared with others: the stamp of the product that the name stands for is not known yet. */
  async #byName(name: string, ask: Ask): Promise<FoundProduct | undefined> {
    const horizon = this.#cache.horizon();
    const answer = await this.#questions.read('catalog', 'lookup', [name], ask);
    const [record, grantor, appliedSeq] = answer as LookupAnswer;
    const from = { appliedSeq, grantor };
    const isKept = this.#cache.fillName(name, record?.[0], horizon, from);
    if (record === null) return undefined;
    // The leader lent what the name stood for there; where that is another product by now, the
    // name was invalidated.
    return this.keep(record, horizon, isKept ? from : { appliedSeq, grantor: 0 });
  }

  #isHot(params: Params<'lookup'>): boolean {
    const id = 'id' in params ? params.id : this.#cache.idOf(params.name);
    return id !== undefined && this.#hot.has(id);
  }

  /** Where the item is hot no more, or its question failed. */
  async #lookAgain(id: number, ask: Ask): Promise<FoundProduct> {
    const cached = this.#cache.find(id);
    if (cached === undefined) return this.#ask(id, ask);
    if (cached.product === undefined) throw productNotFound();
    return cached;
  }

  async #ask(item: number | string, ask: Ask): Promise<FoundProduct> {
    const found = await (typeof item === 'string'
      ? this.#byName(item, ask)
      : this.#byId(item, ask));
    if (found === undefined) throw productNotFound();
    return found;
  }

  async #byId(id: number, ask: Ask): Promise<FoundProduct | undefined> {
    return (await this.#shared.answer(id, ask)).found;
  }

  async #fetch(id: number, sighting: Sighting, ask: Ask): Promise<Answer> {
    const cache = this.#cache;
    const horizon = cache.horizon();
    const answer = await this.#questions.read('catalog', 'lookup', [id], ask);
    const [record, grantor, appliedSeq] = answer as LookupAnswer;
    const from = { appliedSeq, grantor };
    if (record === null) {
      cache.fillAbsence(id, horizon, from);
      // What ends an absence invalidates all absences, not the id that had no product.
      const isSettled = cache.isSettled(id, from) && cache.isSettled(unusedIds, from);
      return { found: undefined, isSettled };
    }
    const lent = cache.wasThere(horizon) ? from : { appliedSeq, grantor: 0 };
    const isSettled = cache.isSettled(id, lent);
    const product = toProduct(record);
    const found = { product, encoded: encode(product), sighting };
    cache.fill(found, lent);
    return { found, isSettled };
  }

  /** For those who have come by now: nobody is to keep it, so no change of the item waits for a cache. */
  async #uncachedRead(id: number, ask: Ask): Promise<FoundUncached> {
    const params: UncachedReadParams = [id];
    const answer = await this.#questions.read('catalog', 'glance', params, ask, 'peer');
    const record = answer as UncachedReadAnswer;
    const product = record === null ? undefined : toProduct(record);
    const found = product && { product, encoded: encode(product) };
    return { version: product?.version ?? 0, found, wasKept: false };
  }
}

function uncachedReadAt(cached: Cached | undefined): FoundUncached | undefined {
  if (cached === undefined) return undefined;
  const found = cached.product && cached;
  return { version: found?.product.version ?? 0, found, wasKept: true };
}
