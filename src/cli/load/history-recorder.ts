/**
 * Records the calls of a load run's customers and their answers as a history for the checker
 * (docs/CHECKERS.md). Invariant: the history has every call that may have had an effect, and a call
 * that surely had none is `failed`.
 */
import type { Clock } from '../../base/clock.js';
import { type BazarError, type ErrorCode, toBazarError } from '../../base/errors.js';
import type { Bought, History, Operation, OrderRead, Purchase, Seen } from '../../checker/types.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Order, Params, Product } from '../../wire/schemas.js';
import { recordHolds } from './hold-recorder.js';
import type { Shopper } from './load-run.js';
import { cents } from './order-ledger.js';

/**
 * At most this many orders of other clients are read at the end; a larger number cannot be checked.
 */
const othersMax = 100_000;
/** Errors of requests that were refused before they had an effect. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'invalid_argument',
  'key_reused',
  'unauthenticated',
  'permission_denied',
  'too_large',
  'unknown_method',
  // The product has a purchase limit.
  'customer_required',
  'limit_exceeded',
]);

type Shortage = Exclude<Bought, { readonly sold: number }>;
type Asked = Pick<Operation, 'process' | 'invokedMs'>;
type BuyParams = Params<'buy'> & { readonly key: string };

export class HistoryRecorder {
  readonly #clock: Clock;
  readonly #first = new Map<number, Seen>();
  readonly #ids = new Map<string, number>();
  /** Restock targets of the products that have one. */
  readonly #targets = new Map<number, number>();
  readonly #operations: Operation[] = [];
  /** Purchases, holds and ends of holds with an unknown outcome, by key: each as it is repeated. */
  readonly #open = new Map<string, (shopper: Shopper) => Promise<unknown>>();
  /** Numbers of the orders that customers received, and of the orders that were read. */
  readonly #given = new Set<number>();
  readonly #read = new Set<number>();
  #least = Number.POSITIVE_INFINITY;
  #greatest = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Wraps the client and records its calls. Its searches give the first stock, so they must come
   * first.
   */
  listenTo(client: BazarClient, process: string): Shopper {
    const begin = (): Asked => ({ process, invokedMs: this.#clock.nowMs() });
    return {
      ...recordHolds(client, {
        begin,
        nowMs: () => this.#clock.nowMs(),
        add: (operation) => this.#add(operation),
        idOf: (line) => this.#idOf(line),
        gave: (number) => this.#noteGiven(number),
        isRefused: ({ code }) => refusals.has(code),
        shortage: refusalOf,
        isOpen: (key, again) => {
          if (again) this.#open.set(key, again);
          else this.#open.delete(key);
        },
      }),
      search: async (params, options) => {
        const page = await client.search(params, options);
        for (const product of page.items) this.#noteFirst(product);
        return page;
      },
      lookup: (item, options) => this.#lookup(begin(), item, client.lookup(item, options)),
      buy: (params, options) => {
        const keyed = params as BuyParams;
        return this.#buy(begin(), keyed, client.buy(keyed, options));
      },
      order: (number, options) => this.#order(begin(), number, client.order(number, options)),
    };
  }

  /**
   * Repeats what has an unknown outcome. Then reads the order book to its end, to include
   * the purchases of other clients.
   */
  async finish(client: BazarClient): Promise<void> {
    const last = this.listenTo(client, 'the last');
    for (const again of [...this.#open.values()]) await again(last).catch(() => {});
    let others = 0;
    for (let number = this.#least; others < othersMax && this.#greatest > 0; number++) {
      if (this.#read.has(number)) continue;
      if (!this.#given.has(number)) others++;
      const order = await last.order(number).catch(() => undefined);
      if (!order && number > this.#greatest) return;
    }
  }

  /** @param restockTo the restock target of the store, used if no product has its own target. */
  history(restockTo: number | null): History {
    const targets = [...this.#targets];
    const isDecided = this.#open.size === 0 && this.#greatest > 0;
    return {
      first: [...this.#first.values()],
      ...(this.#targets.size === 0 ? { restockTo } : { restockTo: null, targets }),
      bookFrom: isDecided ? this.#least : null,
      operations: this.#operations,
    };
  }

  async #lookup(asked: Asked, item: Params<'lookup'>, answer: Promise<Product>): Promise<Product> {
    const id = 'id' in item ? item.id : (this.#ids.get(item.name) ?? 0);
    const base = { ...asked, kind: 'look-up' } as const;
    try {
      const product = await answer;
      this.#add({ ...base, id: product.id, ...this.#ended('ok'), result: seen(product) });
      return product;
    } catch (thrown) {
      if (toBazarError(thrown).code !== 'not_found') {
        this.#add({ ...base, id, ...this.#ended('failed') });
      } else this.#add({ ...base, id, ...this.#ended('ok'), result: 'not_found' });
      throw thrown;
    }
  }

  async #buy<P>(
    asked: Asked,
    params: BuyParams,
    answer: Promise<P & { order_number: number; total: number }>,
  ): Promise<P & { order_number: number; total: number }> {
    const base = {
      ...asked,
      kind: 'purchase',
      key: params.key,
      lines: this.#lines(params),
    } as const;
    try {
      const placed = await answer;
      const { order_number: sold, total } = placed;
      this.#noteGiven(sold);
      this.#decided({ ...base, ...this.#ended('ok'), result: { sold, totalCents: cents(total) } });
      return placed;
    } catch (thrown) {
      const error = toBazarError(thrown);
      const result = refusalOf(error, base.lines);
      if (result) this.#decided({ ...base, ...this.#ended('ok'), result });
      else if (refusals.has(error.code)) this.#decided({ ...base, ...this.#ended('failed') });
      else {
        this.#open.set(params.key, (shopper) => shopper.buy(params));
        this.#add({ ...base, ...this.#ended('unknown') });
      }
      throw thrown;
    }
  }

  #noteGiven(number: number): void {
    this.#given.add(number);
    this.#least = Math.min(this.#least, number);
    this.#greatest = Math.max(this.#greatest, number);
  }

  #decided(purchase: Purchase): void {
    this.#open.delete(purchase.key ?? '');
    this.#add(purchase);
  }

  async #order(asked: Asked, number: number, answer: Promise<Order>): Promise<Order> {
    const base = { ...asked, kind: 'order', number } as const;
    try {
      const order = await answer;
      this.#read.add(number);
      this.#add({ ...base, ...this.#ended('ok'), result: orderRead(order) });
      return order;
    } catch (thrown) {
      if (toBazarError(thrown).code !== 'not_found') {
        this.#add({ ...base, ...this.#ended('failed') });
      } else this.#add({ ...base, ...this.#ended('ok'), result: 'not_found' });
      throw thrown;
    }
  }

  #ended<E extends Operation['ending']>(
    ending: E,
  ): { readonly returnedMs: number; readonly ending: E } {
    return { returnedMs: this.#clock.nowMs(), ending };
  }

  #add(operation: Operation): void {
    this.#operations.push(operation);
  }

  #noteFirst(product: Product): void {
    this.#first.set(product.id, seen(product));
    this.#ids.set(product.name, product.id);
    if (product.restock_to !== undefined) this.#targets.set(product.id, product.restock_to);
  }

  #lines(params: Params<'buy'>): Purchase['lines'] {
    const lines = 'lines' in params ? params.lines : [params];
    return lines.map((line) => ({ id: this.#idOf(line), quantity: line.quantity }));
  }

  #idOf(line: { readonly id: number } | { readonly name: string }): number {
    return 'id' in line ? line.id : (this.#ids.get(line.name) ?? 0);
  }
}

function refusalOf(error: BazarError, lines: Purchase['lines']): Shortage | undefined {
  const { id, available, line } = error.details;
  const [first] = lines;
  if (error.code === 'out_of_stock') {
    const refused = typeof id === 'number' ? id : (first?.id ?? 0);
    return { refused, ...(typeof available === 'number' && { available }) };
  }
  if (error.code !== 'not_found') return undefined;
  return { missing: lines[typeof line === 'number' ? line : 0]?.id ?? 0 };
}

function seen({ id, version, quantity, price }: Product): Seen {
  return { id, version, quantity, priceCents: cents(price) };
}

function orderRead({ lines, total }: Order): NonNullable<OrderRead['result']> {
  return {
    lines: lines.map(({ id, quantity, price }) => ({ id, quantity, priceCents: cents(price) })),
    totalCents: cents(total),
  };
}
