/**
 * Products over HTTP: look-up, search, and administration. Handles paths and headers; the
 * operations decide what a valid product is and who may change it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Type } from '#typebox';
import { BazarError, toBazarError } from '../base/errors.js';
import type { Operations } from '../frontend/types.js';
import { Adjusted, type Changed, ProductId } from '../wire/schemas.js';
import { type DemandedTag, demandedTags, type EntityTags } from './entity-tags.js';
import { ExactProduct, exactProduct } from './exact-money.js';
import { failureAnswer, type HttpAnswer } from './http-errors.js';
import { type HttpCall, type HttpRoute, operationRoute } from './http-route.js';
import { replayMark } from './order-routes.js';
import { productIdOf, productOf, renameNotFound } from './path-values.js';
import { idempotencyKeyOf } from './request-headers.js';

/** Wide on purpose: the operation's own schema checks the segment. */
const productText = Type.String({
  minLength: 1,
  description: 'A name, or an id where all is digits.',
});

const firstAnswer = 'Under a key that was used before: the first answer again.';
const keyReused = 'The key was used for another request.';

const changeFailures = {
  404: 'No product has this id.',
  409: 'The product changed meanwhile.',
  412: 'The product has none of the versions that If-Match names.',
  422: keyReused,
};

export function productRoutes(operations: Operations, tags: EntityTags): HttpRoute[] {
  return [
    lookupRoute(operations, tags),
    searchRoute(operations),
    addRoute(operations, tags),
    updateRoute(operations, tags),
    removeRoute(operations, tags),
    adjustRoute(operations),
  ];
}

function lookupRoute(operations: Operations, tags: EntityTags): HttpRoute {
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
          text: 'The product; its entity tag begins with its version.',
          data: ExactProduct,
          headers: ['etag'],
        },
        304: { text: 'The copy with this tag is still good.', headers: ['etag'] },
      },
      failures: { 404: 'No product has this name or id.' },
    },
    async answer(params, { headers, context }) {
      const product = await operations.lookup(params, context).catch(renameNotFound('product'));
      // A copy may be cached, but must be revalidated each time: stock changes with every sale.
      const freshness = { etag: tags.of(product), 'cache-control': 'no-cache' };
      if (tags.isUnchanged(headers, product)) return { status: 304, headers: freshness };
      return {
        status: 200,
        headers: freshness,
        body: { data: exactProduct(product, operations.currency()) },
      };
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
      answers: { 200: { text: 'A page of products, by id.', data: ExactProduct, isPage: true } },
    },
    async answer(params, { context }) {
      // On HTTP a search without criteria lists everything; on the wire criteria are required.
      const all = params.topic === undefined && params.text === undefined;
      const wanted = all ? { ...params, text: '' } : params;
      const { items, ...paging } = await operations.search(wanted, context);
      const currency = operations.currency();
      const data = items.map((product) => exactProduct(product, currency));
      return { status: 200, body: { data, ...paging } };
    },
  });
}

function addRoute(operations: Operations, tags: EntityTags): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/products',
    summary: 'Add a product',
    access: 'admin',
    operation: 'add_product',
    from: 'body',
    elsewhere: ['key'],
    read: ({ headers }) => keyOf(headers),
    doc: {
      tag: 'administration',
      headers: ['idempotency-key'],
      answers: {
        201: {
          text: `The new product. ${firstAnswer}`,
          data: ExactProduct,
          headers: ['etag', 'location', 'idempotency-replayed'],
        },
      },
      failures: { 409: 'The name or the id is taken.', 422: keyReused },
    },
    async answer(params, { context }) {
      const product = await operations.addProduct(params, context);
      return productAnswer(201, product, operations, {
        etag: tags.of(product),
        location: `/products/${product.id}`,
      });
    },
  });
}

function updateRoute(operations: Operations, tags: EntityTags): HttpRoute {
  return operationRoute({
    method: 'PATCH',
    url: '/products/:product',
    summary: 'Change the price, stock or topic of a product',
    access: 'admin',
    operation: 'update_product',
    from: 'body',
    elsewhere: ['id', 'if_version', 'key'],
    read: ({ path, headers }) => ({ id: productIdOf(path.product), ...keyOf(headers) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['if-match', 'idempotency-key'],
      answers: {
        200: {
          text: `The product as it is now. ${firstAnswer}`,
          data: ExactProduct,
          headers: ['etag', 'idempotency-replayed'],
        },
      },
      failures: changeFailures,
    },
    answer: ({ id, ...changes }, call) =>
      underCondition({ operations, tags, id, key: changes.key, call }, async (condition) => {
        const wanted = { id, ...changes, ...condition };
        const product = await operations.updateProduct(wanted, call.context);
        return productAnswer(200, product, operations, { etag: tags.of(product) });
      }),
  });
}

function removeRoute(operations: Operations, tags: EntityTags): HttpRoute {
  return operationRoute({
    method: 'DELETE',
    url: '/products/:product',
    summary: 'Remove a product',
    access: 'admin',
    operation: 'remove_product',
    from: 'path',
    read: ({ path, headers }) => ({ id: productIdOf(path.product), ...keyOf(headers) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['if-match', 'idempotency-key'],
      answers: {
        200: {
          text: `The product as it was. ${firstAnswer}`,
          data: ExactProduct,
          headers: ['idempotency-replayed'],
        },
      },
      failures: changeFailures,
    },
    answer: (params, call) =>
      underCondition({ operations, tags, ...params, call }, async (condition) => {
        const removed = await operations.removeProduct({ ...params, ...condition }, call.context);
        const { replayed: _replayed, ...product } = removed;
        const data = exactProduct(product, operations.currency());
        return { status: 200, headers: replayMark(removed), body: { data } };
      }),
  });
}

function adjustRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/products/:product/adjustments',
    summary: 'Correct the stock, by a difference or to a count',
    access: 'admin',
    operation: 'adjust_stock',
    from: 'body',
    elsewhere: ['id', 'key'],
    read: ({ path, headers }) => ({ id: productIdOf(path.product), ...keyOf(headers) }),
    doc: {
      tag: 'administration',
      path: { product: ProductId },
      headers: ['idempotency-key'],
      answers: {
        201: {
          text: `The stock as it is now. ${firstAnswer}`,
          data: Adjusted,
          headers: ['idempotency-replayed'],
        },
      },
      failures: {
        404: 'No product has this id.',
        409: 'Fewer units would be left than are in open holds.',
        422: keyReused,
      },
    },
    async answer(params, { context }) {
      const adjusted = await operations
        .adjustStock(params, context)
        .catch(renameNotFound('product'));
      const { replayed: _replayed, ...data } = adjusted;
      return { status: 201, headers: replayMark(adjusted), body: { data } };
    },
  });
}

function keyOf(headers: IncomingHttpHeaders): { key?: string } {
  const key = idempotencyKeyOf(headers);
  return key === undefined ? {} : { key };
}

interface Condition {
  readonly if_version?: number;
}

interface Conditional {
  readonly operations: Operations;
  readonly tags: EntityTags;
  readonly id: number;
  readonly key?: string | undefined;
  readonly call: HttpCall;
}

/** A conflict is a failed precondition if the client named versions by If-Match. */
async function underCondition(
  conditional: Conditional,
  change: (condition: Condition) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const { headers, context } = conditional.call;
  const demanded = demandedTags(headers);
  try {
    if (demanded === undefined) return await change({});
    // With several tags, the matching one may differ between the first request and its repeat.
    if (conditional.key !== undefined && demanded.length !== 1) throw oneTagOnly();
    return await change({ if_version: await demandedVersion(demanded, conditional) });
  } catch (error) {
    const failure = toBazarError(error);
    if (failure.code === 'conflict' && demanded !== undefined) {
      return failureAnswer(failure, context.requestId, { status: 412 });
    }
    return renameNotFound('product')(error);
  }
}

/**
 * The log's condition takes one version: the product's own if one of the tags matches it. The log
 * refuses a single tag of another version, because it also recognizes the repeat of an earlier
 * change.
 */
async function demandedVersion(
  demanded: readonly DemandedTag[],
  { operations, tags, id, call }: Conditional,
): Promise<number> {
  const [first, ...more] = demanded;
  const only = more.length === 0 ? first : undefined;
  const current = await operations.lookup({ id }, call.context).catch((error: unknown) => {
    if (only && toBazarError(error).code === 'not_found') return undefined;
    throw error;
  });
  if (current && demanded.some((tag) => tags.matches(tag, current))) return current.version;
  if (only && only.version !== current?.version) return only.version;
  const message = 'the product has none of the entity tags that If-Match names';
  throw new BazarError('conflict', message, { details: { current } });
}

function oneTagOnly(): BazarError {
  const message = 'If-Match must name one strong entity tag where there is an Idempotency-Key';
  return new BazarError('invalid_argument', message);
}

function productAnswer(
  status: number,
  changed: Changed,
  operations: Operations,
  headers: Readonly<Record<string, string>>,
): HttpAnswer {
  const { replayed: _replayed, ...product } = changed;
  const data = exactProduct(product, operations.currency());
  return { status, headers: { ...headers, ...replayMark(changed) }, body: { data } };
}
