/**
 * The dialect of the toy store: the root API, except that an order answers 500 if no order service
 * can be reached.
 */
import { BazarError } from '../../base/errors.js';
import { failureAnswer } from '../http-errors.js';
import type { HttpRoute } from '../http-route.js';
import { orderRoutes } from '../order-routes.js';
import { probeRoutes } from '../probe-routes.js';
import { productRoutes } from '../product-routes.js';
import type { Dialect } from './dialect.js';

export const toystore: Dialect = {
  name: 'toystore',
  routes: ({ operations, tags, draining }) => [
    ...productRoutes(operations, tags),
    ...orderRoutes(operations).map((route) => (route.operation === 'buy' ? buying(route) : route)),
    ...probeRoutes(operations, draining),
  ],
};

function buying(route: HttpRoute): HttpRoute {
  return {
    ...route,
    answer: (call) =>
      route.answer(call).catch((error: unknown) => {
        if (!(error instanceof BazarError) || error.code !== 'unavailable') throw error;
        return failureAnswer(error, call.context.requestId, { status: 500 });
      }),
  };
}
