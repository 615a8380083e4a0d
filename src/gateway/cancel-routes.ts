/**
 * Cancellations of orders over HTTP. The bodies are the wire's params without the key, which is a header
 * here, and without the order's number, which is in the path.
 */
import type { Operations } from '../frontend/types.js';
import { OrderNumber } from '../wire/schemas.js';
import { ExactCancelled, exactLines } from './exact-money.js';
import { type HttpRoute, operationRoute } from './http-route.js';
import { replayMark } from './order-routes.js';
import { orderNumberOf, renameNotFound } from './path-values.js';
import { idempotencyKeyOf } from './request-headers.js';

const url = '/orders/:number/cancellations';
const path = { number: OrderNumber };

export function cancelRoutes(operations: Operations): HttpRoute[] {
  return [cancelRoute(operations), listRoute(operations)];
}

function cancelRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'POST',
    url,
    summary: 'Cancel an order, or some of its units',
    access: 'admin',
    operation: 'cancel_order',
    from: 'body',
    elsewhere: ['number', 'key'],
    read({ path: { number }, headers }) {
      const key = idempotencyKeyOf(headers);
      return { number: orderNumberOf(number), ...(key === undefined ? {} : { key }) };
    },
    doc: {
      tag: 'administration',
      path,
      headers: ['idempotency-key'],
      answers: {
        201: {
          text: 'What is cancelled. Under a key that was used before: the first answer again.',
          data: ExactCancelled,
          headers: ['location', 'idempotency-replayed'],
        },
      },
      failures: {
        404: 'No order has this number, or it has no line with this name.',
        409: 'Fewer units are left; `left` says how many.',
        422: 'The key was used for another request.',
      },
    },
    async answer(params, { context }) {
      const { replayed, ...cancelled } = await operations.cancelOrder(params, context);
      const location = `/orders/${params.number}/cancellations`;
      const headers = { location, ...replayMark({ replayed }) };
      const data = exactLines(cancelled, operations.currency());
      return { status: 201, headers, body: { data } };
    },
  });
}

function listRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url,
    summary: 'Page through the cancellations of an order, newest first',
    access: 'admin',
    operation: 'cancellations',
    from: 'query',
    elsewhere: ['number'],
    read: ({ path: { number } }) => ({ number: orderNumberOf(number) }),
    doc: {
      tag: 'administration',
      path,
      answers: {
        200: {
          text: 'A page of cancellations, empty or not; without `next` it is the last. Give `next` as `before`.',
          data: ExactCancelled,
          isPage: true,
        },
      },
      failures: { 404: 'No order has this number.' },
    },
    async answer(params, { context }) {
      const { items, ...paging } = await operations
        .cancellations(params, context)
        .catch(renameNotFound('order'));
      const currency = operations.currency();
      const data = items.map((one) => exactLines(one, currency));
      return { status: 200, body: { data, ...paging } };
    },
  });
}
