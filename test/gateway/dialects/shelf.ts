/**
 * A small store behind the dialects under test: a few books that can be found, bought and changed,
 * or services that cannot be reached.
 */
import { BazarError } from '../../../src/base/errors.js';
import type { Operations } from '../../../src/frontend/types.js';
import type { HttpGatewayOptions } from '../../../src/gateway/http-gateway.js';
import { priceToCents } from '../../../src/wire/money.js';
import type { Placed } from '../../../src/wire/schemas.js';
import { adminToken, type Reply, type Stage, setStage } from '../stage.js';

const books = [
  { id: 1, name: 'How to "sleep"', topic: 'Distributed Systems', price: 50, quantity: 900 },
  { id: 2, name: 'RPCs for Dummies', topic: 'distributed systems', price: 24.99, quantity: 79 },
  { id: 3, name: 'Xen', topic: 'graduate school', price: 30, quantity: 0 },
];

export interface Shelf extends Stage {
  /** A request, with the admin token where it is asked for. */
  send(method: string, path: string, options?: SendOptions): Promise<Reply>;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly admin?: boolean;
}

export async function setShelf(options: Partial<HttpGatewayOptions> = {}): Promise<Shelf> {
  const shelf = new Map(books.map((book) => [book.id, { ...book, version: 1 }]));
  const find = (id: number) => {
    const book = shelf.get(id);
    if (!book) throw new BazarError('not_found', 'product not found');
    return book;
  };
  let orders = 1;
  const bought = new Map<string, Placed>();
  return sending(
    await setStage(
      {
        lookup: async (item) => find('id' in item ? item.id : 0),
        // One book a page, so that a client needs several pages to read all.
        search: async ({ topic, text, after = 0 }) => {
          const found = [...shelf.values()].filter((book) => {
            const inTopic = topic === undefined || book.topic.toLowerCase() === topic.toLowerCase();
            const words = `${book.name}\n${book.topic}`.toLowerCase();
            return book.id > after && inTopic && words.includes((text ?? '').toLowerCase());
          });
          const [first, ...more] = found;
          if (!first) return { items: [] };
          return more.length > 0 ? { items: [first], next: first.id } : { items: [first] };
        },
        buy: async (params) => {
          const earlier = params.key === undefined ? undefined : bought.get(params.key);
          if (earlier) return { ...earlier, replayed: true };
          const book = find('id' in params ? params.id : 0);
          const details = { available: book.quantity };
          if (book.quantity < 1) throw new BazarError('out_of_stock', 'sold out', { details });
          shelf.set(book.id, { ...book, quantity: book.quantity - 1 });
          orders++;
          const placed = { order_number: orders, total: book.price };
          if (params.key !== undefined) bought.set(params.key, placed);
          return placed;
        },
        updateProduct: async ({ id, price, quantity }) => {
          const book = find(id);
          priceToCents(price ?? 0);
          const changed = {
            ...book,
            price: price ?? book.price,
            quantity: quantity ?? book.quantity,
          };
          shelf.set(id, changed);
          return changed;
        },
      },
      options,
    ),
  );
}

/** A store whose services all fail in this way. */
export async function setFailing(error: Error): Promise<Shelf> {
  const fail = async (): Promise<never> => {
    throw error;
  };
  const own: Partial<Operations> = {
    ...{ lookup: fail, search: fail, buy: fail, updateProduct: fail, order: fail },
  };
  return sending(await setStage(own));
}

export const unreachable = new BazarError('unavailable', 'no leader');

function sending(stage: Stage): Shelf {
  return {
    ...stage,
    send: (method, path, { body, admin = false } = {}) =>
      stage.ask(method, path, {
        ...(body === undefined ? {} : { body }),
        ...(admin ? { headers: { authorization: `Bearer ${adminToken}` } } : {}),
      }),
  };
}
