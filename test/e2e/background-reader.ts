/**
 * For tests that send bad input: a client that reads in the background and must not fail, and the stock
 * and orders, which must not change.
 */
import type { Test } from 'tap';
import type { Placed, Product, RawClient } from './raw-client.js';
import type { Store } from './store.js';

/** Reads on a connection of its own, one request after another, until `stop`. */
export class BackgroundReader {
  #served = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  private constructor(client: RawClient) {
    this.#done = this.#read(client);
    // `stop` reports the error.
    this.#done.catch(() => {});
  }

  static async on(store: Store): Promise<BackgroundReader> {
    return new BackgroundReader(await store.raw());
  }

  /** Returns the number of answered rounds; rejects if a request failed. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#done;
    return this.#served;
  }

  async #read(client: RawClient): Promise<void> {
    while (!this.#stopped) {
      // From the cache, from the catalog and from the order book.
      await client.get('lookup', { id: 1 + (this.#served % 17) });
      await client.get('search', { topic: 'toys' });
      await client.get('order', { number: 1 });
      this.#served++;
    }
  }
}

export interface Books {
  readonly products: readonly Product[];
  readonly lastOrder: number;
}

/** Every product with its stock and version, and the number of an order placed just now. */
export async function readBooks(client: RawClient): Promise<Books> {
  const { order_number: lastOrder } = await client.get<Placed>('buy', { id: 1, quantity: 1 });
  const page = { text: '', limit: 1_000 };
  const { items: products } = await client.get<{ items: Product[] }>('search', page);
  return { products, lastOrder };
}

/** Nothing was sold or changed since `before`, no order was logged, and the audit agrees. */
export async function assertUnchanged(t: Test, store: Store, before: Books): Promise<void> {
  const client = await store.raw();
  const page = { text: '', limit: 1_000 };
  const { items: products } = await client.get<{ items: Product[] }>('search', page);
  t.same(products, before.products, 'no product has changed');
  const { lastOrder } = await readBooks(client);
  t.equal(lastOrder, before.lastOrder + 1, 'no order was logged');
  const { code, out } = await store.bazar(['audit', '--json']);
  t.equal(code, 0, out);
  t.match(JSON.parse(out), { ok: true, orders: lastOrder });
}
