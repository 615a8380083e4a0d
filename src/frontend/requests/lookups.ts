/**
 * Look-ups in one session thread: from its cache, else from a catalog replica, together with all
 * readers of the same item. Answers fill the cache, except for items whose requests are coalesced.
 * Invariant: no reader gets an answer that lacks a change which was visible to any client when the
 * reader asked.
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
import type { LookupAnswer, LookupManyAnswer } from '../../wire/thread-requests.js';
import { productNotFound, toProduct } from '../answers.js';
import type { Horizon, Sighting } from '../cache/invalidation-versions.js';
import type { Cached, ProductCache, Provenance } from '../cache/product-cache.js';
import { RequestCoalescer, type UncachedRead } from '../cache/request-coalescing.js';
import { type SharedAnswer, SharedQuestions } from '../cache/shared-questions.js';
import type { Ask } from '../types.js';
import type { ServiceRequests } from './service-requests.js';

export interface FoundProduct {
  readonly product: Product;
  /** The product as a MessagePack map. */
  readonly encoded: Uint8Array;
}

interface Answer extends SharedAnswer {
  /** Undefined if there is no such product. */
  readonly found: FoundProduct | undefined;
}

interface FoundUncached extends UncachedRead {
  readonly found: FoundProduct | undefined;
  readonly wasKept: boolean;
}

export interface LookupsOptions {
  readonly requests: ServiceRequests;
  readonly cache: ProductCache;
  readonly clock: Clock;
  /** As in request-coalescing.ts. */
  readonly readersMin?: number | undefined;
}

export class Lookups {
  readonly #requests: ServiceRequests;
  readonly #cache: ProductCache;
  /** Look-ups by id: concurrent readers of one item send one question. */
  readonly #shared: SharedQuestions<Answer>;
  readonly #coalescer: RequestCoalescer<FoundUncached>;

  constructor({ requests, cache, clock, readersMin }: LookupsOptions) {
    this.#requests = requests;
    this.#cache = cache;
    this.#coalescer = new RequestCoalescer({
      clock,
      readersMin,
      kept: (id) => uncachedReadAt(cache.peek(id)),
      ask: (id, ask) => this.#uncachedRead(id, ask),
    });
    this.#shared = new SharedQuestions({
      clock,
      sight: (id) => cache.sightId(id),
      mayJoin: (sighting) => cache.mayJoin(sighting),
      ask: (id, sighting, ask) => this.#fetch(id, sighting, ask),
      wanted: (id, by) => this.#coalescer.wanted(id, by),
    });
  }

  /** The hot path: creates no promise and sends no message. */
  cached(params: Params<'lookup'>): Cached | undefined {
    if (this.#coalescer.any && this.#isCoalesced(params)) return undefined;
    return 'id' in params ? this.#cache.find(params.id) : this.#cache.findByName(params.name);
  }

  /** Reads a product that the cache does not have, or whose requests are coalesced. */
  fetch(params: Params<'lookup'>, ask: Ask): Promise<FoundProduct> {
    const item = 'id' in params ? params.id : (this.#cache.idOf(params.name) ?? params.name);
    const shared = typeof item === 'number' ? this.#coalescer.join(item, ask) : undefined;
    if (shared === undefined || typeof item !== 'number') return this.#ask(item, ask);
    // Each waiting reader costs one promise here.
    return shared.then((told) => {
      if (told === undefined) return this.#lookAgain(item, ask);
      this.#cache.counters[told.wasKept ? 'hits' : 'misses']++;
      if (told.found === undefined) throw productNotFound();
      return told.found;
    });
  }

  /** Ensures that the product is cached soon, unless a question for it is in progress. */
  refresh(id: number, ask: Ask): void {
    if (this.#shared.has(id) || this.#cache.peek(id)) return;
    this.#byId(id, ask).catch(() => {});
  }

  /**
   * Asks for several products in one question. Results are in the order of the ids; undefined for a
   * missing product.
   */
  async fetchMany(ids: readonly number[], ask: Ask): Promise<(FoundProduct | undefined)[]> {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) return [await this.#byId(only, ask)];
    const horizon = this.#cache.horizon();
    const answer = await this.#requests.read('catalog', 'lookup_many', [ids], ask);
    const [records, grantEpoch, appliedSeq, kept] = answer as LookupManyAnswer;
    return records.map((record, place) => {
      const from = { appliedSeq, grantEpoch: kept[place] ? grantEpoch : 0 };
      if (record !== null) return this.keep(record, horizon, from);
      this.#cache.fillAbsence(ids[place] ?? 0, horizon, from);
      return undefined;
    });
  }

  /** Caches a record from an answer to a question asked at the horizon. */
  keep(record: ProductRecord, horizon: Horizon, from: Provenance): FoundProduct {
    const product = toProduct(record);
    const found = { product, encoded: encode(product) };
    this.#cache.fillAt(product, found.encoded, horizon, from);
    return found;
  }

  /** Not shared: the invalidation version of the named product is not known before the answer. */
  async #byName(name: string, ask: Ask): Promise<FoundProduct | undefined> {
    const horizon = this.#cache.horizon();
    const answer = await this.#requests.read('catalog', 'lookup', [name], ask);
    const [record, grantEpoch, appliedSeq] = answer as LookupAnswer;
    const from = { appliedSeq, grantEpoch };
    const isKept = this.#cache.fillName(name, record?.[0], horizon, from);
    if (record === null) return undefined;
    // The leader granted the product that had this name when the replica asked for the grant. If
    // the name was invalidated since, the record may be of another product and is not cached.
    return this.keep(record, horizon, isKept ? from : { appliedSeq, grantEpoch: 0 });
  }

  #isCoalesced(params: Params<'lookup'>): boolean {
    const id = 'id' in params ? params.id : this.#cache.idOf(params.name);
    return id !== undefined && this.#coalescer.has(id);
  }

  /** Reads alone, when coalescing has ended or its question failed. */
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
    const answer = await this.#requests.read('catalog', 'lookup', [id], ask);
    const [record, grantEpoch, appliedSeq] = answer as LookupAnswer;
    const from = { appliedSeq, grantEpoch };
    if (record === null) {
      cache.fillAbsence(id, horizon, from);
      // Adding a product invalidates all absences together, not the id that had no product.
      const isSettled = cache.isSettled(id, from) && cache.isSettled(unusedIds, from);
      return { found: undefined, isSettled };
    }
    const provenance = cache.wasThere(horizon) ? from : { appliedSeq, grantEpoch: 0 };
    const isSettled = cache.isSettled(id, provenance);
    const product = toProduct(record);
    const found = { product, encoded: encode(product), sighting };
    cache.fill(found, provenance);
    return { found, isSettled };
  }

  /**
   * One read for all readers that have arrived. No cache keeps it, so no change of the item waits
   * for a cache.
   */
  async #uncachedRead(id: number, ask: Ask): Promise<FoundUncached> {
    const params: UncachedReadParams = [id];
    const answer = await this.#requests.read('catalog', 'glance', params, ask, 'peer');
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
