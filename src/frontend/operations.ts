/**
 * A frontend's operations in one session thread. Look-ups and searches are answered from the
 * caches; everything else is asked of the services and retried until the deadline. Uses no socket
 * and does not elect leaders. Invariant: a cached answer is current, and a purchase keeps its key
 * through all attempts.
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { clientLimits } from '../base/limits.js';
import { tidyText } from '../base/product-text.js';
import type { Cancellations, Cancelled } from '../wire/cancel-schemas.js';
import type { LimitFields, ProductRecord } from '../wire/internal.js';
import { priceToCents } from '../wire/money.js';
import type {
  Adjusted,
  Changed,
  Held,
  Hold,
  HoldExtended,
  HoldReleased,
  Order,
  Orders,
  Params,
  Placed,
  Product,
  Products,
  PurchaseLimit,
} from '../wire/schemas.js';
import type { Ledger, StockLevels } from '../wire/stock-schemas.js';
import type {
  ChangeAnswer,
  ChangeParams,
  ChangeRequest,
  OrdersAnswer,
  OrderView,
} from '../wire/thread-requests.js';
import { productNotFound, toAdjusted, toOrder, toProduct } from './answers.js';
import { LocalRefusals } from './cache/local-refusals.js';
import type { Cached, ProductCache } from './cache/product-cache.js';
import type { SearchCache } from './cache/search-cache.js';
import { CancelOperations } from './cancel-operations.js';
import { HoldOperations, hasTerms } from './hold-operations.js';
import type { Backends } from './requests/backends.js';
import { methodOf } from './requests/change-method.js';
import type { PurchaseKeys } from './requests/keys.js';
import { type FoundProduct, Lookups } from './requests/lookups.js';
import { explainOlder, listingOf } from './requests/order-listing.js';
import { Purchases } from './requests/purchases.js';
import { Searches, toPageBytes, toProducts } from './requests/searches.js';
import { ServiceRequests } from './requests/service-requests.js';
import { Trades } from './requests/trades.js';
import { StockOperations } from './stock-operations.js';
import type { Ask, AuditReport, Operations, RequestContext, StoreStatus } from './types.js';

/** Information that only the frontend's owner has. */
export interface OwnerView {
  status(): Promise<StoreStatus>;
  audit(): Promise<AuditReport>;
  notReady(): string | undefined;
}

export interface FrontendOperationsOptions {
  readonly backends: Backends;
  readonly cache: ProductCache;
  readonly pages: SearchCache;
  readonly keys: PurchaseKeys;
  readonly clock: Clock;
  readonly owner: OwnerView;
  /** The newest log time of the catalog known here; undefined if no member has reported one. */
  readonly logTime: () => number | undefined;
  /** The store's currency. */
  readonly currency: () => string;
  /**
   * Number of concurrent readers of an item that starts request coalescing; undefined for the
   * default.
   */
  readonly readersMin?: number;
}

export class FrontendOperations implements Operations {
  readonly #options: FrontendOperationsOptions;
  readonly #requests: ServiceRequests;
  readonly #lookups: Lookups;
  readonly #searches: Searches;
  readonly #refusals: LocalRefusals;
  readonly #purchases: Purchases;
  readonly #holds: HoldOperations;
  readonly #cancellations: CancelOperations;
  readonly #stock: StockOperations;

  constructor(options: FrontendOperationsOptions) {
    const { cache: products, pages, clock, readersMin } = options;
    this.#options = options;
    const requests = new ServiceRequests(options);
    const lookups = new Lookups({ requests, cache: products, clock, readersMin });
    this.#requests = requests;
    this.#lookups = lookups;
    this.#searches = new Searches({ requests, lookups, products, pages });
    this.#refusals = new LocalRefusals(products);
    this.#purchases = new Purchases({ requests, clock });
    const { keys, logTime } = options;
    const trades = new Trades({ requests, clock });
    this.#holds = new HoldOperations({ requests, keys, trades, logTime });
    this.#cancellations = new CancelOperations({ requests, keys, trades, logTime });
    this.#stock = new StockOperations(requests);
  }

  /** The hot path: creates no promise and sends no message. */
  cached(params: Params<'lookup'>): Cached | undefined {
    return this.#lookups.cached(params);
  }

  /** Reads a product that the cache does not have. The raw port sends its encoded form. */
  fetch(params: Params<'lookup'>, ask: Ask): Promise<FoundProduct> {
    return this.#lookups.fetch(params, ask);
  }

  async lookup(params: Params<'lookup'>, context: RequestContext): Promise<Product> {
    const cached = this.cached(params);
    if (cached && !cached.product) throw productNotFound();
    return cached?.product ?? (await this.fetch(params, context)).product;
  }

  /** The hot path of searches: a page in MessagePack. */
  cachedPage(params: Params<'search'>): Uint8Array | undefined {
    const page = this.#searches.cached(params);
    return page && toPageBytes(page);
  }

  async fetchPage(params: Params<'search'>, ask: Ask): Promise<Uint8Array> {
    return toPageBytes(await this.#searches.fetch(params, ask));
  }

  async search(params: Params<'search'>, context: RequestContext): Promise<Products> {
    const page = this.#searches.cached(params);
    return toProducts(page ?? (await this.#searches.fetch(params, context)));
  }

  /**
   * Returns the reason why a purchase cannot succeed, if the cache shows one. Call it before the
   * purchase is forwarded.
   */
  refusal(params: Params<'buy'>): BazarError | undefined {
    return this.#refusals.refusal(params);
  }

  async buy(params: Params<'buy'>, context: RequestContext): Promise<Placed> {
    const refused = this.refusal(params);
    if (refused) throw refused;
    const placed = hasTerms(params) ? this.#holds.buy(params, context) : this.#buy(params, context);
    return placed.catch((error: BazarError) => {
      // After this read of the product, the next such purchase is refused locally.
      if (error.code === 'out_of_stock')
        this.#lookups.refresh(Number(error.details.id), {
          ...context,
          deadlineMs: requestDeadline(this.#options.clock),
        });
      throw error;
    });
  }

  hold(params: Params<'hold'>, context: RequestContext): Promise<Held> {
    return this.#holds.hold(params, context);
  }

  readHold(params: Params<'read_hold'>, context: RequestContext): Promise<Hold> {
    return this.#holds.readHold(params, context);
  }

  confirmHold(params: Params<'confirm_hold'>, context: RequestContext): Promise<Placed> {
    return this.#holds.confirmHold(params, context);
  }

  releaseHold(params: Params<'release_hold'>, context: RequestContext): Promise<HoldReleased> {
    return this.#holds.releaseHold(params, context);
  }

  extendHold(params: Params<'extend_hold'>, context: RequestContext): Promise<HoldExtended> {
    return this.#holds.extendHold(params, context);
  }

  async order(params: Params<'order'>, context: RequestContext): Promise<Order> {
    const { number } = params;
    const view = await this.#requests.read('order', 'order', [number], context);
    if (view === null) throw new BazarError('not_found', 'order not found');
    return toOrder(view as OrderView);
  }

  async orders(params: Params<'orders'>, context: RequestContext): Promise<Orders> {
    const [method, listing] = listingOf(params);
    const answer = await this.#requests.read('order', method, listing, context).catch(explainOlder);
    const [sales, next] = answer as OrdersAnswer;
    const items = sales.map(toOrder);
    return next === null ? { items } : { items, next };
  }

  cancelOrder(params: Params<'cancel_order'>, context: RequestContext): Promise<Cancelled> {
    return this.#cancellations.cancel(params, context);
  }

  cancellations(params: Params<'cancellations'>, context: RequestContext): Promise<Cancellations> {
    return this.#cancellations.list(params, context);
  }

  addProduct(params: Params<'add_product'>, context: RequestContext): Promise<Changed> {
    const { price, key, restock_to: restockTo, purchase_limit: limit, ...rest } = params;
    const product = {
      ...rest,
      name: tidyText(rest.name),
      topic: tidyText(rest.topic),
      priceCents: priceToCents(price),
      ...(restockTo === undefined ? {} : { restockTo }),
      ...(limit === undefined ? {} : { limit: limitFields(limit) }),
    };
    return this.#change(['add', [product]], key, context);
  }

  updateProduct(params: Params<'update_product'>, context: RequestContext): Promise<Changed> {
    const { id, price, key, if_version: ifVersion, ...fields } = params;
    const { restock_to: restockTo, purchase_limit: limit, ...rest } = fields;
    const change = {
      ...rest,
      ...(rest.topic === undefined ? {} : { topic: tidyText(rest.topic) }),
      ...(price === undefined ? {} : { priceCents: priceToCents(price) }),
      ...(restockTo === undefined ? {} : { restockTo }),
      ...(limit === undefined ? {} : { limit: limitFields(limit) }),
      ...(ifVersion === undefined ? {} : { ifVersion }),
    };
    return this.#change(['update', [id, change]], key, context);
  }

  removeProduct(params: Params<'remove_product'>, context: RequestContext): Promise<Changed> {
    const { id, key, if_version: ifVersion = null } = params;
    return this.#change(['remove', [id, ifVersion]], key, context);
  }

  adjustStock(params: Params<'adjust_stock'>, context: RequestContext): Promise<Adjusted> {
    const { id, key, ...adjustment } = params;
    return this.#send(['adjust', [id, adjustment]], key, context).then(toAdjusted);
  }

  readStock(params: Params<'read_stock'>, context: RequestContext): Promise<StockLevels> {
    return this.#stock.read(params, context);
  }

  ledger(params: Params<'ledger'>, context: RequestContext): Promise<Ledger> {
    return this.#stock.ledger(params, context);
  }

  audit(_context: RequestContext): Promise<AuditReport> {
    return this.#options.owner.audit();
  }

  status(_context: RequestContext): Promise<StoreStatus> {
    return this.#options.owner.status();
  }

  currency(): string {
    return this.#options.currency();
  }

  notReady(): string | undefined {
    return this.#options.owner.notReady();
  }

  #buy(params: Params<'buy'>, context: RequestContext): Promise<Placed> {
    const { deadlineMs, header, quotedKey } = context;
    const { keys, logTime } = this.#options;
    // Read once: the age of a purchase counts from its first attempt (docs/PROTOCOL.md, A34).
    const seenTime = logTime();
    const purchase = keys.purchase(params, seenTime, quotedKey);
    return this.#purchases.place(purchase, seenTime, { deadlineMs, header });
  }

  async #change(
    request: ChangeRequest,
    key: string | undefined,
    context: RequestContext,
  ): Promise<Changed> {
    const [record, replayed] = await this.#send(request, key, context);
    return replayed ? { ...toProduct(record), replayed } : toProduct(record);
  }

  #send(
    request: ChangeRequest,
    key: string | undefined,
    { deadlineMs, header }: RequestContext,
  ): Promise<ChangeAnswer> {
    const { keys, logTime } = this.#options;
    // A change with a key may be sent again, to this leader or the next one.
    const options = {
      deadlineMs,
      header,
      idempotent: key !== undefined,
      mayHaveEffect: key !== undefined,
    };
    const params: ChangeParams =
      key === undefined ? [request] : [request, keys.change(key, request, logTime())];
    const method = methodOf(request, key);
    const isNew = method !== request[0];
    const question = isNew ? ([method, params] as const) : request;
    return this.#requests
      .askLeader(
        'catalog',
        question,
        options,
        (answer): ChangeAnswer =>
          isNew ? (answer as ChangeAnswer) : [answer as ProductRecord, false],
      )
      .catch(asPublicFailure);
  }
}

function limitFields(limit: PurchaseLimit | null): LimitFields | null {
  return limit && [limit.quantity, limit.window_seconds];
}

/** Rethrows a change's failure in its public form: a conflict contains the current record. */
function asPublicFailure(error: BazarError): never {
  if (error.code === 'unknown_method') {
    const message = 'the catalog runs a build that does not support this change yet';
    throw new BazarError('unavailable', message, { cause: error });
  }
  const { current, ...details } = error.details;
  if (!Array.isArray(current)) throw error;
  const product = toProduct(current as unknown as ProductRecord);
  throw new BazarError(error.code, error.message, { details: { ...details, current: product } });
}

/** The deadline of a request that arrives now. */
export function requestDeadline(clock: Clock): number {
  return clock.nowMs() + clientLimits.requestTimeoutMs;
}
