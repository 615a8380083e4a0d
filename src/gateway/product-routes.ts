/**
 * Products over HTTP: look up, search, and administration. It knows paths and headers; what a
 * product is and who may change what is decided behind the operations.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Type } from 'typebox';
import { toBazarError } from '../base/errors.js';
import type { Operations } from '../frontend/types.js';
import { Product, ProductId } from '../wire/schemas.js';
import { failureAnswer, type HttpAnswer } from './http-errors.js';
import { type HttpRoute, operationRoute } from './http-route.js';
import { productIdOf, productOf, renameNotFound } from './path-values.js';
import { demandedVersion, isUnchanged, tagOf } from './request-headers.js';

/** Wide on purpose: what a segment may be is said by the operation's own schema. */
const productText = Type.String({
  minLength: 1,
  description: 'A name, or an id where all is digits.',
});

const changeFailures = {
  404: 'No product has this id.',
  409: 'The product changed meanwhile.',
  412: 'The product has another version than If-Match names.',
};

export function productRoutes(operations: Operations): HttpRoute[] {
  return [
    lookupRoute(operations),
    searchRoute(operations),
    addRoute(operations),
    updateRoute(operations),
    removeRoute(operations),
  ];
}

function lookupRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/products/:product',
    summary: 'Look up a product by name or id',
    access: 'public',
    operation: 'lookup',
    from: 'path',
    read: ({ path }) => productOf(path.product),
    doc: {
      tag: 'products',
      path: { product: productText },
      headers: ['if-none-match'],
      answers: {
        200: {
          text: 'The product; its version is the entity tag.',
          data: Product,
          headers: ['etag'],
        },
        304: { text: 'The copy with this tag is still good.', headers: ['etag'] },
      },
      failures: { 404: 'No product has this name or id.' },
    },
    async answer(params, { headers, context }) {
      const product = await operations.lookup(params, context).catch(renameNotFound('product'));
      const { version } = product;
      // A copy may be kept, but has to be asked about each time: stock changes with every sale.
      const freshness = { etag: tagOf(version), 'cache-control': 'no-cache' };
      if (isUnchanged(headers, version)) return { status: 304, headers: freshness };
      return { status: 200, headers: freshness, body: { data: product } };
    },
  });
}

function searchRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/products',
    summary: 'Search products by topic or text',
    access: 'public',
    operation: 'search',
    from: 'query',
    doc: {
      tag: 'products',
      answers: { 200: { text: 'A page of products, by id.', data: Product, isPage: true } },
    },
    async answer(params, { context }) {
      // A list is what a bare collection means; on the wire a search has to say what for.
      const all = params.topic === undefined && params.text === undefined;
      const wanted = all ? { ...params, text: '' } : params;
      const { items, ...paging } = await operations.search(wanted, context);
      return { status: 200, body: { data: items, ...paging } };
    },
  });
}

function addRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/products',
    summary: 'Add a product',
    access: 'admin',
    operation: 'add_product',
    from: 'body',
    doc: {
      tag: 'administration',
      answers: {
        201: { text: 'The new product.', data: Product, headers: ['etag', 'location'] },
      },
      failures: { 409: 'The name or the id is taken.' },
    },
    async answer(params, { context }) {
      const product = await operations.addProduct(params, context);
      return productAnswer(201, product, { location: `/products/${product.id}` });
    },
  });
}

function updateRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'PATCH',
    url: '/products/:product',
    summary: 'Change the price, stock or topic of a product',
    access: 'admin',
    operation: 'update_product',
    from: 'body',
    elsewhere: ['id', 'if_version'],
    read: ({ path, headers }) => ({ id: productIdOf(path.product), ...condition(headers) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['if-match'],
      answers: { 200: { text: 'The product as it is now.', data: Product, headers: ['etag'] } },
      failures: changeFailures,
    },
    answer: (params, { headers, context }) =>
      underCondition(headers, context.requestId, async () =>
        productAnswer(200, await operations.updateProduct(params, context)),
      ),
  });
}

function removeRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'DELETE',
    url: '/products/:product',
    summary: 'Remove a product',
    access: 'admin',
    operation: 'remove_product',
    from: 'path',
    read: ({ path, headers }) => ({ id: productIdOf(path.product), ...condition(headers) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['if-match'],
      answers: { 200: { text: 'The product as it was.', data: Product } },
      failures: changeFailures,
    },
    answer: (params, { headers, context }) =>
      underCondition(headers, context.requestId, async () => ({
        status: 200,
        body: { data: await operations.removeProduct(params, context) },
      })),
  });
}

function condition(headers: IncomingHttpHeaders): { if_version?: number } {
  const version = demandedVersion(headers);
  return version === undefined ? {} : { if_version: version };
}

/** A conflict is a failed precondition where the client named the version by If-Match. */
async function underCondition(
  headers: IncomingHttpHeaders,
  requestId: string,
  change: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  try {
    return await change();
  } catch (error) {
    const failure = toBazarError(error);
    if (failure.code === 'conflict' && demandedVersion(headers) !== undefined) {
      return failureAnswer(failure, requestId, { status: 412 });
    }
    return renameNotFound('product')(error);
  }
}

function productAnswer(
  status: number,
  product: Product,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, headers: { ...headers, etag: tagOf(product.version) }, body: { data: product } };
}
