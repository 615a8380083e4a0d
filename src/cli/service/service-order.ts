/**
 * An order to run one service: which service, and its configuration. The launcher sends the order to
 * the process that it started; a command line builds its own.
 */
import type { CatalogConfig, OrderConfig, RecoveryConfig } from '../../base/config.js';
import type { FrontendConfig } from '../../gateway/frontend-config.js';

export type ServiceOrder =
  | { readonly kind: 'catalog'; readonly config: CatalogConfig }
  | { readonly kind: 'order'; readonly config: OrderConfig }
  | { readonly kind: 'recovery'; readonly config: RecoveryConfig }
  | { readonly kind: 'frontend'; readonly config: FrontendConfig };

export type ServiceKind = ServiceOrder['kind'];

/** The order of the stages: a store stops from the last to the first. */
export const stages: readonly ServiceKind[] = ['catalog', 'order', 'recovery', 'frontend'];
