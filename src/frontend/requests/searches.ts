/**
 * Searches in one session thread. A page's list of ids comes from the search cache and its records
 * from the product cache; one question fetches the missing records. Otherwise a catalog replica
 * answers the whole page. Invariant: a page's list and each of its records were current during the
 * call.
 */
import { BazarError } from '../../base/errors.js';
import { requestLimits } from '../../base/limits.js';
import { pageBytes } from '../../wire/page-bytes.js';
import type { Params, Products } from '../../wire/schemas.js';
import type { SearchAnswer, SearchParams } from '../../wire/thread-requests.js';
import type { ProductCache } from '../cache/product-cache.js';
import type { CachedPage, SearchCache } from '../cache/search-cache.js';
import type { Ask } from '../types.js';
import type { FoundProduct, Lookups } from './lookups.js';
import type { ServiceRequests } from './service-requests.js';

export interface FoundPage {
  readonly items: readonly FoundProduct[];
  readonly next: number | null;
}

export interface SearchesOptions {
  readonly requests: ServiceRequests;
  readonly lookups: Lookups;
  readonly products: ProductCache;
  readonly pages: SearchCache;
}

export class Searches {
  readonly #options: SearchesOptions;

  constructor(options: SearchesOptions) {
    this.#options = options;
  }

  /**
   * The hot path: creates no promise and sends no message. Undefined if anything of the page is
   * missing.
   */
  cached(params: Params<'search'>): FoundPage | undefined {
    const { pages, products } = this.#options;
    const page = pages.find(searchParams(params));
    if (!page) return undefined;
    const items: FoundProduct[] = [];
    for (const id of page.ids) {
      const cached = products.peek(id);
      if (!cached?.product) return undefined;
      items.push(cached);
    }
    return pages.isCurrent(page) ? { items, next: page.next } : undefined;
  }

  async fetch(params: Params<'search'>, ask: Ask): Promise<FoundPage> {
    const wanted = searchParams(params);
    const page = this.#options.pages.known(wanted);
    const completed = page && (await this.#complete(page, ask));
    return completed ?? this.#ask(wanted, ask);
  }

  /** Fetches the missing records. Undefined if the list has changed in the meantime. */
  async #complete(page: CachedPage, ask: Ask): Promise<FoundPage | undefined> {
    const { lookups, products, pages } = this.#options;
    const items = page.ids.map((id): FoundProduct | undefined => {
      const cached = products.peek(id);
      return cached?.product && cached;
    });
    const missing = page.ids.filter((_id, place) => items[place] === undefined);
    const fetched = missing.length === 0 ? [] : await lookups.fetchMany(missing, ask);
    const whole: FoundProduct[] = [];
    let next = 0;
    for (const item of items) {
      const found = item ?? fetched[next++];
      if (!found) return undefined;
      whole.push(found);
    }
    return pages.isCurrent(page) ? { items: whole, next: page.next } : undefined;
  }

  async #ask(params: SearchParams, ask: Ask): Promise<FoundPage> {
    const { requests, lookups, products, pages } = this.#options;
    const sighting = pages.sight(params);
    const horizon = products.horizon();
    const answer = await requests.read('catalog', 'search', params, ask);
    const [records, next, grantEpoch, appliedSeq, isListKept, kept] = answer as SearchAnswer;
    const items = records.map((record, place) =>
      lookups.keep(record, horizon, { appliedSeq, grantEpoch: kept[place] ? grantEpoch : 0 }),
    );
    const page = { ids: records.map(([id]) => id), next, sighting };
    pages.fill(params, page, { appliedSeq, grantEpoch: isListKept ? grantEpoch : 0 });
    return { items, next };
  }
}

function searchParams(params: Params<'search'>): SearchParams {
  const { topic = null, text = null, limit = requestLimits.pageDefault, after = 0 } = params;
  if (topic === null && text === null) {
    throw new BazarError('invalid_argument', 'search needs a topic or a text');
  }
  return [topic, text, limit, after];
}

export function toProducts({ items, next }: FoundPage): Products {
  const products = items.map(({ product }) => product);
  return next === null ? { items: products } : { items: products, next };
}

/** The page in MessagePack. */
export function toPageBytes({ items, next }: FoundPage): Uint8Array {
  return pageBytes(
    items.map(({ encoded }) => encoded),
    next,
  );
}
