/**
 * An order to run one service: which, and with what configuration. The launcher sends it to the
 * process that it made, a command line makes its own. Knows the services' doors but loads only the
 * one it opens.
 */
import type {
  CatalogConfig,
  OrderConfig,
  RecoveryConfig,
  RunningService,
} from '../../base/config.js';
import type { FrontendConfig } from '../../gateway/frontend-config.js';

export type ServiceOrder =
  | { readonly kind: 'catalog'; readonly config: CatalogConfig }
  | { readonly kind: 'order'; readonly config: OrderConfig }
  | { readonly kind: 'recovery'; readonly config: RecoveryConfig }
  | { readonly kind: 'frontend'; readonly config: FrontendConfig };

export type ServiceKind = ServiceOrder['kind'];

/** What lies behind what: a store stops from the last to the first. */
export const stages: readonly ServiceKind[] = ['catalog', 'order', 'recovery', 'frontend'];

/** Resolves when the service listens. */
export async function startService(order: ServiceOrder): Promise<RunningService> {
  switch (order.kind) {
    case 'catalog':
      return (await import('../../catalog/service/service.js')).startCatalog(order.config);
    case 'order':
      return (await import('../../order/service.js')).startOrder(order.config);
    case 'recovery':
      return (await import('../../recovery/service.js')).startRecovery(order.config);
    case 'frontend':
      return startFrontend(order.config);
  }
}

async function startFrontend(config: FrontendConfig): Promise<RunningService> {
  const { startFrontend: start } = await import('../../gateway/service.js');
  const { demonstrate } = await import('../launcher/demonstrate.js');
  return start(config, (command, name) => demonstrate(config.dataDir, command, name));
}
