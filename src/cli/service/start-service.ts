/**
 * Starts the service that an order names, in this process. Loads only the code of that service.
 */
import type { RunningService } from '../../base/config.js';
import type { FrontendConfig } from '../../gateway/frontend-config.js';
import type { ServiceOrder } from './service-order.js';

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
