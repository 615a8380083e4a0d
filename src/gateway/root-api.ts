/**
 * The table of the root API: every route family in one list, from which the server, the Allow
 * header and the API description are made.
 */
import type { Operations } from '../frontend/types.js';
import { auditRoutes } from './audit-routes.js';
import type { EntityTags } from './entity-tags.js';
import type { HttpRoute } from './http-route.js';
import { orderRoutes } from './order-routes.js';
import { probeRoutes } from './probe-routes.js';
import { productRoutes } from './product-routes.js';

export function rootApi(
  operations: Operations,
  tags: EntityTags,
  draining: () => boolean,
  demo: boolean,
): HttpRoute[] {
  return [
    ...productRoutes(operations, tags),
    ...orderRoutes(operations),
    ...auditRoutes(operations, demo),
    ...probeRoutes(operations, draining),
  ];
}
