/**
 * A frontend's operations as one session thread does them: look-ups from its cache, the rest at the
 * services, again and again until the deadline. Knows neither sockets nor who elects whom.
 * Invariant: a cached answer is current, and a purchase keeps its key through all its attempts.
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { clientLimits, requestLimits } from '../base/limits.js';
import { encode } from '../wire/codec.js';
import type {
  LookupAnswer,
  OrdersAnswer,
  Outcome,
  ProductRecord,
  Sale,
  SearchAnswer,
} from '../wire/internal.js';
import { priceToCents } from '../wire/money.js';
import type { Order, Orders, Params, Placed, Product, Products } from '../wire/schemas.js';
import { toOrder, toPlaced, toProduct } from './answers.js';
import type { Backends } from './backends.js';
import type { PurchaseKeys } from './keys.js';
import type { CachedProduct, ProductCache } from './product-cache.js';
import { retry } from './retry.js';
import type { Sighting } from './stamps.js';
import type { AuditReport, Operations, RequestContext, StoreStatus } from './types.js';

const attemptMaxMs = 1_500;

/** What only the owner of the frontend can tell. */
export interface OwnerView {
  status(): Promise<StoreStatus>;
  audit(): Promise<AuditReport>;
  notReady(): string | undefined;
}

export interface ShopOptions {
  readonly backends: Backends;
  readonly cache: ProductCache;
  readonly keys: PurchaseKeys;
  readonly clock: Clock;
  readonly owner: OwnerView;
}

interface Answer {
  readonly found: CachedProduct;
  /** No undecided entry touched the item when it was read: whoever shares the question may have it. */
  readonly isSettled: boolean;
}

interface Fetch {
  readonly sighting: Sighting;
  readonly done: Promise<Answer>;
}

export class Shop implements Operations {
  readonly #options: ShopOptions;
  /** Look-ups by id under way, so that many readers of one item make one question. */
  readonly #fetches = new Map<number, Fetch>();

  constructor(options: ShopOptions) {
    this.#options = options;
  }

  /** The hot path: no promise, no message. */
  cached(params: Params<'lookup'>): CachedProduct | undefined {
    const { cache } = this.#options;
    const cached = 'id' in params ? cache.find(params.id) : cache.findByName(params.name);
    return cached?.product && cached;
  }

  /** A product that the cache has not; its encoded form serves the raw port. */
  async fetch(params: Params<'lookup'>, deadlineMs: number): Promise<CachedProduct> {
    const { cache } = this.#options;
    const item = 'id' in params ? params.id : (cache.idOf(params.name) ?? params.name);
    if (typeof item === 'string') {
      // Not shared: the stamp of the product that the name stands for is not known before.
      return (await this.#fetch(item, cache.sightId(0), deadlineMs)).found;
    }
    const running = this.#fetches.get(item);
    if (!running || !cache.mayJoin(running.sighting)) {
      return (await this.#begin(item, deadlineMs).done).found;
    }
    const { found, isSettled } = await running.done;
    if (isSettled) return found;
    // Read while an entry was undecided, which others may have seen since; what is asked now is newer.
    const next = this.#fetches.get(item) ?? this.#begin(item, deadlineMs);
    return (await next.done).found;
  }

  async lookup(params: Params<'lookup'>, context: RequestContext): Promise<Product> {
    return (this.cached(params) ?? (await this.fetch(params, context.deadlineMs))).product;
  }

  async search(params: Params<'search'>, context: RequestContext): Promise<Products> {
    if (params.topic === undefined && params.text === undefined) {
      throw new BazarError('invalid_argument', 'search needs a topic or a text');
    }
    const { topic = null, text = null, limit = requestLimits.pageDefault, after = 0 } = params;
    const [records, next] = (await this.#ask('catalog', 'search', [topic, text, limit, after], {
      deadlineMs: context.deadlineMs,
      idempotent: true,
    })) as SearchAnswer;
    return page(records.map(toProduct), next);
  }

  async buy(params: Params<'buy'>, context: RequestContext): Promise<Placed> {
    const purchase = this.#options.keys.purchase(params);
    const { clock, backends } = this.#options;
    const { news } = backends;
    const { deadlineMs } = context;
    return retry(
      { clock, deadlineMs, idempotent: true, changes: true, attemptMaxMs, news },
      async (timeoutMs) =>
        toPlaced((await backends.leader('order').call('buy', purchase, timeoutMs)) as Outcome),
    );
  }

  async order(params: Params<'order'>, context: RequestContext): Promise<Order> {
    const sale = (await this.#ask('order', 'order', [params.number], {
      deadlineMs: context.deadlineMs,
      idempotent: true,
    })) as Sale | null;
    if (sale === null) throw new BazarError('not_found', 'order not found');
    return toOrder(sale);
  }

  async orders(params: Params<'orders'>, context: RequestContext): Promise<Orders> {
    const { after = 0, limit = requestLimits.pageDefault } = params;
    const [sales, next] = (await this.#ask('order', 'orders', [after, limit], {
      deadlineMs: context.deadlineMs,
      idempotent: true,
    })) as OrdersAnswer;
    return page(sales.map(toOrder), next);
  }

  addProduct(params: Params<'add_product'>, context: RequestContext): Promise<Product> {
    const { price, ...rest } = params;
    return this.#change('add', [{ ...rest, priceCents: priceToCents(price) }], context);
  }

  updateProduct(params: Params<'update_product'>, context: RequestContext): Promise<Product> {
    const { id, price, if_version: ifVersion, ...rest } = params;
    const change = {
      ...rest,
      ...(price === undefined ? {} : { priceCents: priceToCents(price) }),
      ...(ifVersion === undefined ? {} : { ifVersion }),
    };
    return this.#change('update', [id, change], context);
  }

  removeProduct(params: Params<'remove_product'>, context: RequestContext): Promise<Product> {
    return this.#change('remove', [params.id, params.if_version ?? null], context);
  }

  audit(_context: RequestContext): Promise<AuditReport> {
    return this.#options.owner.audit();
  }

  status(_context: RequestContext): Promise<StoreStatus> {
    return this.#options.owner.status();
  }

  notReady(): string | undefined {
    return this.#options.owner.notReady();
  }

  #begin(item: number, deadlineMs: number): Fetch {
    const sighting = this.#options.cache.sightId(item);
    const done = this.#fetch(item, sighting, deadlineMs);
    const fetch = { sighting, done };
    this.#fetches.set(item, fetch);
    const forget = (): void => {
      if (this.#fetches.get(item) === fetch) this.#fetches.delete(item);
    };
    done.then(forget, forget);
    return fetch;
  }

  async #fetch(item: number | string, sighting: Sighting, deadlineMs: number): Promise<Answer> {
    const { cache } = this.#options;
    const horizon = cache.horizon();
    const answer = await this.#ask('catalog', 'lookup', [item], { deadlineMs, idempotent: true });
    const [record, lender, appliedSeq] = answer as LookupAnswer;
    if (record === null) throw new BazarError('not_found', 'product not found');
    const product = toProduct(record);
    const found = { product, encoded: encode(product), sighting };
    if (lender === 0) return { found, isSettled: false };
    const from = { appliedSeq, lender };
    if (typeof item === 'number') cache.fill(found, from);
    else cache.fillName(item, product.id, horizon, from);
    return { found, isSettled: true };
  }

  async #change(method: string, params: unknown, context: RequestContext): Promise<Product> {
    const { deadlineMs } = context;
    const options = { deadlineMs, idempotent: false };
    const record = await this.#ask('catalog', method, params, options).catch(withPublicRecord);
    return toProduct(record as ProductRecord);
  }

  #ask(
    group: 'catalog' | 'order',
    method: string,
    params: unknown,
    options: { deadlineMs: number; idempotent: boolean },
  ): Promise<unknown> {
    const { clock, backends } = this.#options;
    const { news } = backends;
    return retry({ clock, attemptMaxMs, changes: false, news, ...options }, (timeoutMs) =>
      backends.leader(group).call(method, params, timeoutMs),
    );
  }
}

/** A conflict tells the record that stands in the way; outside it has the public shape. */
function withPublicRecord(error: BazarError): never {
  const { current, ...details } = error.details;
  if (!Array.isArray(current)) throw error;
  const product = toProduct(current as unknown as ProductRecord);
  throw new BazarError(error.code, error.message, { details: { ...details, current: product } });
}

function page<T>(items: T[], next: number | null): { items: T[]; next?: number } {
  return next === null ? { items } : { items, next };
}

/** The deadline of a request that arrives now. */
export function requestDeadline(clock: Clock): number {
  return clock.nowMs() + clientLimits.requestTimeoutMs;
}
