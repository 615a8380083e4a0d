/**
 * An order to run one service: which, and with what configuration. The launcher sends it to the
 * process that it made, a command line makes its own. Knows the services' doors but loads only the
 * one it opens.
 */
import { existsSync } from 'node:fs';
import { assert } from '../base/assert.js';
import type {
  CatalogConfig,
  FrontendConfig,
  OrderConfig,
  RecoveryConfig,
  RunningService,
} from '../base/config.js';

export type ServiceOrder =
  | { readonly kind: 'catalog'; readonly config: CatalogConfig }
  | { readonly kind: 'order'; readonly config: OrderConfig }
  | { readonly kind: 'recovery'; readonly config: RecoveryConfig }
  | { readonly kind: 'frontend'; readonly config: FrontendConfig };

export type ServiceKind = ServiceOrder['kind'];

/** The order in which a store starts; it stops in reverse. */
export const startOrder: readonly ServiceKind[] = ['catalog', 'order', 'recovery', 'frontend'];

const doors: Record<ServiceKind, { readonly module: string; readonly start: string }> = {
  catalog: { module: '../catalog/service.js', start: 'startCatalog' },
  order: { module: '../order/service.js', start: 'startOrder' },
  recovery: { module: '../recovery/service.js', start: 'startRecovery' },
  frontend: { module: '../gateway/service.js', start: 'startFrontend' },
};

/** False where this build has no such service. */
export function isBuilt(kind: ServiceKind): boolean {
  return existsSync(new URL(doors[kind].module, import.meta.url));
}

/** Resolves when the service listens. */
export async function startService(order: ServiceOrder): Promise<RunningService> {
  const { module, start } = doors[order.kind];
  // By name, so that a build without a service still starts the others.
  const loaded: Record<string, unknown> = await import(new URL(module, import.meta.url).href);
  const open = loaded[start];
  assert(typeof open === 'function', `${module} exports no ${start}`);
  return open(order.config) as Promise<RunningService>;
}
