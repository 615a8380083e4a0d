/** A product's stock and its ledger over HTTP, for administrators. */
import type { Operations } from '../frontend/types.js';
import { ProductId } from '../wire/schemas.js';
import { LedgerMovement, StockLevels } from '../wire/stock-schemas.js';
import { type HttpRoute, operationRoute } from './http-route.js';
import { productIdOf, renameNotFound } from './path-values.js';

const path = { product: ProductId };

export function stockRoutes(operations: Operations): HttpRoute[] {
  return [levelsRoute(operations), ledgerRoute(operations)];
}

function levelsRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/products/:product/stock',
    summary: "Read the numbers of a product's stock",
    access: 'admin',
    operation: 'read_stock',
    from: 'query',
    elsewhere: ['id'],
    read: ({ path: { product } }) => ({ id: productIdOf(product) }),
    doc: {
      tag: 'administration',
      path,
      answers: {
        200: {
          text: 'The stock: `received − sold + returned = on_hand = available + reserved`.',
          data: StockLevels,
        },
      },
      failures: { 404: 'No product has this id.' },
    },
    async answer(params, { context }) {
      const data = await operations.readStock(params, context).catch(renameNotFound('product'));
      return { status: 200, body: { data } };
    },
  });
}

function ledgerRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/products/:product/ledger',
    summary: "Page through the changes of a product's stock, oldest first",
    access: 'admin',
    operation: 'ledger',
    from: 'query',
    elsewhere: ['id'],
    read: ({ path: { product } }) => ({ id: productIdOf(product) }),
    doc: {
      tag: 'administration',
      path,
      answers: {
        200: {
          text: 'A page of movements, empty or not; without `next` it is the last. Give `next` as `after`.',
          data: LedgerMovement,
          isPage: true,
        },
      },
      failures: { 404: 'No product ever had this id.' },
    },
    async answer(params, { context }) {
      const { items, ...paging } = await operations
        .ledger(params, context)
        .catch(renameNotFound('product'));
      return { status: 200, body: { data: items, ...paging } };
    },
  });
}
