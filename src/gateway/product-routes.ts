/**
 * Products over HTTP: look up, search, and administration. It knows paths and headers; what a
 * product is and who may change what is decided behind the operations.
 */
import { Type } from '#typebox';
import { BazarError, toBazarError } from '../base/errors.js';
import type { Operations, RequestContext } from '../frontend/types.js';
import { Product, ProductId } from '../wire/schemas.js';
import { failureAnswer, type HttpAnswer } from './http-errors.js';
import { type HttpCall, type HttpRoute, operationRoute } from './http-route.js';
import { productIdOf, productOf, renameNotFound } from './path-values.js';
import { demandedVersions, isUnchanged, tagOf } from './request-headers.js';

/** Wide on purpose: what a segment may be is said by the operation's own schema. */
const productText = Type.String({
  minLength: 1,
  description: 'A name, or an id where all is digits.',
});

const changeFailures = {
  404: 'No product has this id.',
  409: 'The product changed meanwhile.',
  412: 'The product has none of the versions that If-Match names.',
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
    read: ({ path }) => ({ id: productIdOf(path.product) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['if-match'],
      answers: { 200: { text: 'The product as it is now.', data: Product, headers: ['etag'] } },
      failures: changeFailures,
    },
    answer: ({ id, ...changes }, call) =>
      underCondition(operations, id, call, async (condition) => {
        const wanted = { id, ...changes, ...condition };
        return productAnswer(200, await operations.updateProduct(wanted, call.context));
      }),
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
    read: ({ path }) => ({ id: productIdOf(path.product) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['if-match'],
      answers: { 200: { text: 'The product as it was.', data: Product } },
      failures: changeFailures,
    },
    answer: ({ id }, call) =>
      underCondition(operations, id, call, async (condition) => ({
        status: 200,
        body: { data: await operations.removeProduct({ id, ...condition }, call.context) },
      })),
  });
}

interface Condition {
  readonly if_version?: number;
}

/** A conflict is a failed precondition where the client named versions by If-Match. */
async function underCondition(
  operations: Operations,
  id: number,
  { headers, context }: HttpCall,
  change: (condition: Condition) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const versions = demandedVersions(headers);
  try {
    if (versions === undefined) return await change({});
    return await change({ if_version: await oneOf(versions, operations, id, context) });
  } catch (error) {
    const failure = toBazarError(error);
    if (failure.code === 'conflict' && versions !== undefined) {
      return failureAnswer(failure, context.requestId, { status: 412 });
    }
    return renameNotFound('product')(error);
  }
}

/** The wire's condition takes one version: of several the product's own, and without it none. */
async function oneOf(
  versions: readonly number[],
  operations: Operations,
  id: number,
  context: RequestContext,
): Promise<number> {
  const [only, ...more] = versions;
  if (only !== undefined && more.length === 0) return only;
  const current = await operations.lookup({ id }, context);
  if (versions.includes(current.version)) return current.version;
  const message = 'the product has another version than If-Match names';
  throw new BazarError('conflict', message, { details: { current } });
}

function productAnswer(
  status: number,
  product: Product,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, headers: { ...headers, etag: tagOf(product.version) }, body: { data: product } };
}
