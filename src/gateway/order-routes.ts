/**
 * Orders over HTTP: buy, read one, list all. The body of a purchase is the wire's `buy` without its
 * key, which is a header here.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import type { Operations } from '../frontend/types.js';
import { OrderNumber } from '../wire/schemas.js';
import { ExactOrder, ExactPlaced, exactLines, exactTotal } from './exact-money.js';
import type { HttpAnswer } from './http-errors.js';
import { type HttpRoute, operationRoute } from './http-route.js';
import { orderNumberOf, renameNotFound } from './path-values.js';
import { idempotencyKeyOf, purchaseContext } from './request-headers.js';

/** Status of a successful purchase: 200 as clients of earlier builds expect, or 201. */
export type OrdersStatus = 200 | 201;

export function orderRoutes(operations: Operations, status: OrdersStatus = 200): HttpRoute[] {
  return [buyRoute(operations, status), orderRoute(operations), ordersRoute(operations)];
}

function buyRoute(operations: Operations, status: OrdersStatus): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/orders',
    summary: 'Buy one product or several',
    access: 'public',
    operation: 'buy',
    from: 'body',
    elsewhere: ['key'],
    doc: {
      tag: 'orders',
      headers: ['idempotency-key'],
      answers: {
        [status]: {
          text: 'Sold. Under a key that was used before: the first answer again.',
          data: ExactPlaced,
          headers: ['location', 'idempotency-replayed'],
        },
      },
      failures: {
        404: 'A product is unknown.',
        409: 'Not enough in stock (`available` says how many there were), another total than expected, or a purchase limit; see `type`.',
        422: 'The key was used for another request.',
      },
    },
    read({ headers }) {
      const key = idempotencyKeyOf(headers);
      return key === undefined ? {} : { key };
    },
    async answer(params, { headers: sent, context }) {
      const bought = await operations
        .buy(params, purchaseContext(sent, context))
        .catch((error: unknown) => explainRefusal(error, 'lines' in params));
      const { replayed: _marked, ...placed } = bought;
      const headers = { location: `/orders/${placed.order_number}`, ...replayMark(bought) };
      const data = exactTotal(placed, operations.currency());
      return { status, headers, body: { data } };
    },
  });
}

/** The header that marks a replayed answer. */
export function replayMark({
  replayed,
}: {
  readonly replayed?: boolean | undefined;
}): NonNullable<HttpAnswer['headers']> {
  return replayed === true ? { 'idempotency-replayed': 'true' } : {};
}

/**
 * A bare "product not found" would suggest a wrong path, and a purchase without a list has no line
 * to name.
 */
export function explainRefusal(
  error: unknown,
  hasLines: boolean,
  what: 'order' | 'hold' = 'order',
): never {
  const { code, message, details } = toBazarError(error);
  const { line: _line, ...ofOne } = details;
  if (code !== 'not_found' && code !== 'out_of_stock') throw error;
  const plain = code === 'not_found' ? 'product not found' : message;
  throw new BazarError(code, `couldn't place the ${what}: ${plain}`, {
    details: hasLines ? details : ofOne,
    cause: error,
  });
}

function orderRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/orders/:number',
    summary: 'Read an order by its number',
    access: 'public',
    operation: 'order',
    from: 'path',
    read: ({ path }) => ({ number: orderNumberOf(path.number) }),
    doc: {
      tag: 'orders',
      path: { number: OrderNumber },
      answers: { 200: { text: 'The order.', data: ExactOrder } },
      failures: { 404: 'No order has this number.' },
    },
    async answer(params, { context }) {
      const order = await operations.order(params, context).catch(renameNotFound('order'));
      return { status: 200, body: { data: exactLines(order, operations.currency()) } };
    },
  });
}

function ordersRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/orders',
    summary: 'Page through orders, by number, time, product or key',
    access: 'admin',
    operation: 'orders',
    from: 'query',
    doc: {
      tag: 'administration',
      answers: {
        200: {
          text: 'A page of orders, empty or not; without `next` it is the last.',
          data: ExactOrder,
          isPage: true,
        },
      },
    },
    async answer(params, { context }) {
      const { items, ...paging } = await operations.orders(params, context);
      const currency = operations.currency();
      const data = items.map((order) => exactLines(order, currency));
      return { status: 200, body: { data, ...paging } };
    },
  });
}
