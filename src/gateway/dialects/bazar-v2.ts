/**
 * The dialect of the second bazar: searches by a part of the topic, `success` instead of a status,
 * and routes that inspect the cache. Searches are not cached in its form, so that part of the cache
 * is empty.
 */
import { BazarError } from '../../base/errors.js';
import type { HttpAnswer } from '../http-errors.js';
import { productIdOf } from '../path-values.js';
import {
  buyingRoute,
  type Dialect,
  dialectRoute,
  type Failures,
  searchAll,
  withoutServer,
} from './dialect.js';

const unknownId: Failures = {
  not_found: message(404, 'Book with the specified ID does not exist'),
  invalid_argument: message(422, 'Book ID must be a number'),
};
const dropped: HttpAnswer = { status: 204 };

export const bazarV2: Dialect = {
  name: 'bazar-v2',
  manners: {
    failures: withoutServer(message(504, 'No server can be reached')),
    body: (_status, text) => ({ message: text }),
  },
  routes: ({ operations, cache }) => [
    dialectRoute({
      method: 'GET',
      url: '/search/:text',
      summary: 'The books whose topic holds a text, in any case',
      failures: { invalid_argument: { status: 200, body: [] } },
      async answer({ path: { text = '' }, context }) {
        const found = await searchAll(operations, { text }, context);
        // A search by text also matches titles.
        const part = text.toLowerCase();
        const books = found.filter(({ topic }) => topic.toLowerCase().includes(part));
        const body = books.map(({ id, name, topic }) => ({ id, title: name, topic }));
        return { status: 200, body };
      },
    }),
    dialectRoute({
      method: 'GET',
      url: '/lookup/:id',
      summary: 'Price, quantity and title of a book',
      failures: unknownId,
      async answer({ path, context }) {
        const { price, quantity, name } = await operations.lookup({ id: bookId(path.id) }, context);
        return { status: 200, body: { price, quantity, title: name } };
      },
    }),
    buyingRoute(operations, {
      method: 'PUT',
      url: '/buy/:id',
      summary: 'Buys one copy of a book',
      failures: {
        ...unknownId,
        out_of_stock: bought(false, 'Book with the specified ID is out of stock'),
      },
      async answer({ path }, buyOne) {
        await buyOne(bookId(path.id));
        return bought(true, 'Book with the specified ID purchased');
      },
    }),
    dialectRoute({
      method: 'DELETE',
      url: '/invalidate/item/:id',
      summary: "Drops a book from this frontend's cache",
      // A segment that names no book is in no cache.
      failures: { ...unknownId, not_found: dropped },
      async answer({ path }) {
        await cache.forget(bookId(path.id));
        return dropped;
      },
    }),
    ...['/invalidate/topic/', '/invalidate/topic/:topic'].map((url) =>
      dialectRoute({
        method: 'DELETE',
        url,
        summary: 'Drops cached searches, of which there are none',
        answer: async () => dropped,
      }),
    ),
    dialectRoute({
      method: 'GET',
      url: '/dump/',
      summary: "What this frontend's cache holds",
      async answer() {
        const lookup = (await cache.content()).map(({ id, name, price, quantity }) => {
          return { id, price, quantity, title: name };
        });
        return { status: 200, body: { lookup, search: [] } };
      },
    }),
  ],
};

function message(status: number, text: string): HttpAnswer {
  return { status, body: { message: text } };
}

function bought(success: boolean, text: string): HttpAnswer {
  return { status: 200, body: { success, message: text } };
}

/** A number that no book can have, such as −1 or 1.5, is still a number. */
function bookId(segment = ''): number {
  if (/^[+-]?\d*\.?\d+$/.test(segment) && !/^\d+$/.test(segment)) {
    throw new BazarError('not_found', 'no book has such an id');
  }
  return productIdOf(segment);
}
