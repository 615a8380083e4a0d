/**
 * Holds over HTTP: reserve lines, read, confirm, release and extend. The bodies are the wire's params
 * without the key, which is a header here, and without the id, which is in the path.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Operations } from '../frontend/types.js';
import { HoldExtended, HoldId, HoldReleased } from '../wire/schemas.js';
import { ExactHeld, ExactHold, ExactPlaced, exactLines, exactTotal } from './exact-money.js';
import { type HttpRoute, operationRoute } from './http-route.js';
import { explainRefusal, type OrdersStatus, replayMark } from './order-routes.js';
import { notFound, renameNotFound } from './path-values.js';
import { idempotencyKeyOf } from './request-headers.js';

const resolved = 'The hold is not open: `type` says how it ended.';
const unknown = 'No hold has this id.';
const keyReused = 'The key was used for another request.';
const again = 'Under a key that was used before: the first answer again.';
const headers = ['idempotency-key'] as const;
const path = { id: HoldId };

export function holdRoutes(operations: Operations, status: OrdersStatus = 200): HttpRoute[] {
  return [
    openRoute(operations),
    readRoute(operations),
    confirmRoute(operations, status),
    releaseRoute(operations),
    extendRoute(operations),
  ];
}

function openRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/holds',
    summary: 'Reserve lines for a while, all or none',
    access: 'public',
    operation: 'hold',
    from: 'body',
    elsewhere: ['key'],
    read: ({ headers: sent }) => keyOf(sent),
    doc: {
      tag: 'holds',
      headers,
      answers: {
        201: {
          text: `The lines are reserved at these prices. ${again}`,
          data: ExactHeld,
          headers: ['location', 'idempotency-replayed'],
        },
      },
      failures: {
        404: 'A product is unknown.',
        409: 'Not enough in stock, another total than expected, or a purchase limit; see `type`.',
        422: keyReused,
      },
    },
    async answer(params, { context }) {
      const { replayed, ...held } = await operations
        .hold(params, context)
        .catch((error: unknown) => explainRefusal(error, true, 'hold'));
      const location = `/holds/${held.hold_id}`;
      return {
        status: 201,
        headers: { location, ...replayMark({ replayed }) },
        body: { data: exactLines(held, operations.currency()) },
      };
    },
  });
}

function readRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'GET',
    url: '/holds/:id',
    summary: 'Read a hold',
    access: 'public',
    operation: 'read_hold',
    from: 'path',
    read: ({ path: { id } }) => holdOf(id),
    doc: {
      tag: 'holds',
      path,
      answers: {
        200: { text: 'The hold, open or resolved less than a day ago.', data: ExactHold },
      },
      failures: { 404: unknown },
    },
    async answer(params, { context }) {
      const hold = await operations.readHold(params, context).catch(renameNotFound('hold'));
      return {
        status: 200,
        headers: { 'cache-control': 'no-store' },
        body: { data: exactLines(hold, operations.currency()) },
      };
    },
  });
}

function confirmRoute(operations: Operations, status: OrdersStatus): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/holds/:id/confirm',
    summary: 'Make an order of a hold, or of a part of it; the rest is released',
    access: 'public',
    operation: 'confirm_hold',
    from: 'body',
    elsewhere: ['id', 'key'],
    mayBeEmpty: true,
    read: ({ path: { id }, headers: sent }) => ({ ...holdOf(id), ...keyOf(sent) }),
    doc: {
      tag: 'holds',
      path,
      headers,
      answers: {
        [status]: {
          text: `The order. ${again}`,
          data: ExactPlaced,
          headers: ['location', 'idempotency-replayed'],
        },
      },
      failures: {
        404: 'No hold has this id, or no product has the name of a line.',
        409: 'The hold is not open (`type` says how it ended), or has fewer units: `held`.',
        422: keyReused,
      },
    },
    async answer(params, { context }) {
      const { replayed, ...placed } = await operations.confirmHold(params, context);
      const location = `/orders/${placed.order_number}`;
      return {
        status,
        headers: { location, ...replayMark({ replayed }) },
        body: { data: exactTotal(placed, operations.currency()) },
      };
    },
  });
}

function releaseRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'POST',
    url: '/holds/:id/release',
    summary: 'Give up a hold',
    access: 'public',
    operation: 'release_hold',
    from: 'path',
    read: ({ path: { id }, headers: sent }) => ({ ...holdOf(id), ...keyOf(sent) }),
    doc: {
      tag: 'holds',
      path,
      headers,
      answers: {
        200: {
          text: `The stock is free again. ${again}`,
          data: HoldReleased,
          headers: ['idempotency-replayed'],
        },
      },
      failures: { 404: unknown, 409: resolved, 422: keyReused },
    },
    async answer(params, { context }) {
      const { replayed, ...released } = await operations.releaseHold(params, context);
      return { status: 200, headers: replayMark({ replayed }), body: { data: released } };
    },
  });
}

function extendRoute(operations: Operations): HttpRoute {
  return operationRoute({
    method: 'PATCH',
    url: '/holds/:id',
    summary: 'Let a hold end later',
    access: 'public',
    operation: 'extend_hold',
    from: 'body',
    elsewhere: ['id', 'key'],
    read: ({ path: { id }, headers: sent }) => ({ ...holdOf(id), ...keyOf(sent) }),
    doc: {
      tag: 'holds',
      path,
      headers,
      answers: {
        200: {
          text: `The new end, counted from now; never before the old one. ${again}`,
          data: HoldExtended,
          headers: ['idempotency-replayed'],
        },
      },
      failures: { 404: unknown, 409: resolved, 422: keyReused },
    },
    async answer(params, { context }) {
      const { replayed, ...extended } = await operations.extendHold(params, context);
      return { status: 200, headers: replayMark({ replayed }), body: { data: extended } };
    },
  });
}

/** An id of another form names nothing, like an unknown one. */
function holdOf(id = ''): { id: string } {
  if (!/^[0-9a-f]{32}$/.test(id)) throw notFound('hold');
  return { id };
}

function keyOf(headers: IncomingHttpHeaders): { key?: string } {
  const key = idempotencyKeyOf(headers);
  return key === undefined ? {} : { key };
}
