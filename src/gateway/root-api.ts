/**
 * The route table of the root API: all routes in one list, from which the server, the Allow header
 * and the API description are built.
 */
import type { Operations } from '../frontend/types.js';
import { auditRoutes } from './audit-routes.js';
import { cancelRoutes } from './cancel-routes.js';
import type { EntityTags } from './entity-tags.js';
import { holdRoutes } from './hold-routes.js';
import type { HttpRoute } from './http-route.js';
import { type OrdersStatus, orderRoutes } from './order-routes.js';
import { probeRoutes } from './probe-routes.js';
import { productRoutes } from './product-routes.js';
import { stockRoutes } from './stock-routes.js';

export interface RootOptions {
  readonly tags: EntityTags;
  readonly draining: () => boolean;
  /** True if everybody may see the books. */
  readonly demo: boolean;
  readonly ordersStatus: OrdersStatus | undefined;
}

export function rootApi(
  operations: Operations,
  { tags, draining, demo, ordersStatus }: RootOptions,
): HttpRoute[] {
  return [
    ...productRoutes(operations, tags),
    ...orderRoutes(operations, ordersStatus),
    ...cancelRoutes(operations),
    ...stockRoutes(operations),
    ...holdRoutes(operations, ordersStatus),
    ...auditRoutes(operations, demo),
    ...probeRoutes(operations, draining),
  ];
}
