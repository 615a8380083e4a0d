/**
 * The dialect of the first homework: results are JSON in a string within JSON, and messages are in
 * the field `status`. Subjects match exactly.
 */
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

const noBooks = said(404, 'No books with this subject were found.');
const noBook = said(404, 'Book not found.');
const serverError = said(500, 'A server error occured.');

const unknownId: Failures = { not_found: noBook, invalid_argument: noBook };

export const bazarHw1: Dialect = {
  name: 'bazar-hw1',
  manners: {
    failures: { ...withoutServer(serverError), internal: serverError },
    body: (_status, text) => ({ status: text }),
  },
  routes: ({ operations }) => [
    dialectRoute({
      method: 'GET',
      url: '/search/:subject',
      summary: 'The books of a subject',
      failures: { not_found: noBooks, invalid_argument: noBooks },
      async answer({ path, context }) {
        const found = await searchAll(operations, { topic: path.subject }, context);
        const books = found.filter(({ topic }) => topic === path.subject);
        if (books.length === 0) return noBooks;
        return inText(books.map(({ id, name }) => ({ id, title: name })));
      },
    }),
    dialectRoute({
      method: 'GET',
      url: '/info/:id',
      summary: 'Title, quantity and price of a book',
      failures: unknownId,
      async answer({ path, context }) {
        const id = productIdOf(path.id);
        const { name, quantity, price } = await operations.lookup({ id }, context);
        return inText([{ title: name, quantity, price }]);
      },
    }),
    buyingRoute(operations, {
      method: 'PUT',
      url: '/purchase/:id',
      summary: 'Buys one copy of a book',
      failures: { ...unknownId, out_of_stock: said(404, 'The book is out of stock.') },
      async answer({ path, context }, buyOne) {
        const id = productIdOf(path.id);
        // Looked up before the purchase, because nothing may fail after it. A title never changes.
        const { name } = await operations.lookup({ id }, context);
        await buyOne(id);
        return said(200, `${name} was bought successfully.`);
      },
    }),
  ],
};

function said(code: number, status: string): HttpAnswer {
  return { status: code, body: { status } };
}

function inText(value: unknown): HttpAnswer {
  return { status: 200, body: { data: JSON.stringify(value) } };
}
