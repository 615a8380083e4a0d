/**
 * The dialect of the first bazar: books with a title and a cost, bought one at a time. A cost is
 * always written with a decimal point, so answers with a cost are serialized here. Does not depend
 * on other dialects.
 */
import { BazarError } from '../../base/errors.js';
import type { Params, Product } from '../../wire/schemas.js';
import { validateParams } from '../../wire/validate.js';
import type { HttpAnswer } from '../http-errors.js';
import type { HttpCall } from '../http-route.js';
import { productIdOf } from '../path-values.js';
import {
  buyingRoute,
  type Dialect,
  dialectRoute,
  type Failures,
  searchAll,
  withoutServer,
} from './dialect.js';

const noBooks = message(404, 'There are no books under this topic');
const noBook = message(404, 'There is no book with this ID');
const badRequest = message(400, 'bad request can not handle the request due to invaled data');
const soldOut = message(410, 'This book is currently unavailable');
const notReady = message(503, 'The server is not ready to handle the request');

/** A segment that is not a number names no book. */
const unknownId: Failures = { not_found: noBook, invalid_argument: noBook };

export const bazar: Dialect = {
  name: 'bazar',
  manners: {
    failures: withoutServer(notReady),
    body: (_status, text) => ({ message: text }),
  },
  routes: ({ operations, cache }) => [
    dialectRoute({
      method: 'GET',
      url: '/search/:topic',
      summary: 'The books of a topic, in any case',
      failures: { not_found: noBooks, invalid_argument: noBooks },
      async answer({ path, context }) {
        const books = await searchAll(operations, { topic: path.topic }, context);
        if (books.length === 0) return noBooks;
        return { status: 200, body: books.map(({ id, name }) => ({ id, title: name })) };
      },
    }),
    dialectRoute({
      method: 'GET',
      url: '/lookup/:id',
      summary: 'Cost, quantity and title of a book',
      failures: unknownId,
      answer: async ({ path, context }) =>
        book(await operations.lookup({ id: productIdOf(path.id) }, context)),
    }),
    dialectRoute({
      method: 'PUT',
      url: '/update/price/:id',
      summary: 'Sets the price of a book',
      access: 'admin',
      failures: { not_found: noBook, invalid_argument: badRequest },
      answer: async (call) =>
        book(await operations.updateProduct(change(call, 'price'), call.context)),
    }),
    dialectRoute({
      method: 'PUT',
      url: '/update/item/:id',
      summary: 'Sets the stock of a book',
      access: 'admin',
      failures: { not_found: noBook, invalid_argument: badRequest },
      answer: async (call) =>
        book(await operations.updateProduct(change(call, 'quantity'), call.context)),
    }),
    buyingRoute(operations, {
      method: 'PUT',
      url: '/buy/:id',
      summary: 'Buys one copy of a book',
      failures: {
        out_of_stock: soldOut,
        not_found: message(404, 'This book unavailable'),
        invalid_argument: message(404, 'This book unavailable'),
      },
      async answer({ path }, buyOne) {
        const id = productIdOf(path.id);
        const { order_number } = await buyOne(id);
        return { status: 201, body: { book_id: id, order_id: order_number } };
      },
    }),
    dialectRoute({
      method: 'DELETE',
      url: '/invalidate/:id',
      summary: "Drops a book from this frontend's cache",
      failures: unknownId,
      async answer({ path }) {
        await cache.forget(productIdOf(path.id));
        return message(200, 'The book has left the cache');
      },
    }),
    dialectRoute({
      method: 'GET',
      url: '/verify_item_in_stock/:id',
      summary: 'Whether a book can be bought',
      failures: unknownId,
      async answer({ path, context }) {
        const { id, quantity } = await operations.lookup({ id: productIdOf(path.id) }, context);
        if (quantity === 0) return soldOut;
        return { status: 200, body: { id, quantity } };
      },
    }),
  ],
};

function message(status: number, text: string): HttpAnswer {
  return { status, body: { message: text } };
}

/** Writes 50 as 50.0. */
function book({ price, quantity, name }: Product): HttpAnswer {
  const cost = Number.isInteger(price) ? price.toFixed(1) : String(price);
  const text = `{"cost":${cost},"quantity":${quantity},"title":${JSON.stringify(name)}}`;
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: bytes(text) };
}

/** An answer that is sent unchanged. */
function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** One field of the body. A body without the field is invalid, whatever else it contains. */
function change({ path, body }: HttpCall, field: 'price' | 'quantity'): Params<'update_product'> {
  const value = (body as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  if (value === undefined) throw new BazarError('invalid_argument', `${field} is missing`);
  return validateParams('update_product', { id: bookId(path.id), [field]: value });
}

/** In this dialect a segment that is not a number is an unknown book, not an invalid one. */
function bookId(segment: string | undefined): number {
  try {
    return productIdOf(segment);
  } catch {
    throw new BazarError('not_found', 'no such book');
  }
}
