/**
 * Converts options to the settings of each kind of service, both for a whole store and for a single
 * service. Pure: it reads no file and computes no address.
 */
import { resolve } from 'node:path';
import type { CatalogConfig, RecoveryConfig, ServiceConfig } from '../../base/config.js';
import type { TlsFiles } from '../../base/tls-files.js';
import type { FrontendConfig } from '../../gateway/frontend-config.js';
import { currencyCode } from '../options/currency.js';
import { allowedHosts, corsOrigins } from '../options/http-options.js';
import type { Values } from '../options/options.js';
import { bundledProducts, type serviceSpecs } from '../options/store-options.js';

const mib = 1024 * 1024;

type Settings = Values<typeof serviceSpecs>;

export function catalogSettings(options: Settings): Omit<CatalogConfig, keyof ServiceConfig> {
  return {
    ...recoverySettings(options),
    restockEverySeconds: options.restockEvery,
    restockTo: options.restockTo,
    currency: currencyCode(options.currency),
    clientKeysMax: options.clientKeysMax,
    logRetentionHours: options.logRetention,
    productsFile: resolve(options.productsFile),
    bundledFile: bundledProducts,
  };
}

export function recoverySettings(options: Settings): Omit<RecoveryConfig, keyof ServiceConfig> {
  return { snapshotEveryBytes: options.snapshotEvery * mib };
}

export function frontendSettings(
  options: Settings,
  secrets: { readonly adminToken: string; readonly tls?: TlsFiles | undefined },
): Omit<FrontendConfig, keyof ServiceConfig | 'raw' | 'http' | 'dialects'> {
  const { openAdmin, rateLimit, demo, cacheEntries, reusePort, drainDelay } = options;
  const { addressSessions } = options;
  const { adminToken, tls } = secrets;
  return {
    ...{ adminToken, tls, openAdmin, rateLimit, addressSessions },
    ...{ demo, cacheEntries, reusePort },
    drainDelayMs: drainDelay * 1_000,
    allowedHosts: allowedHosts(options.allowedHost),
    corsOrigins: corsOrigins(options.corsOrigin),
    ordersStatus: options.ordersStatus === '201' ? 201 : 200,
  };
}
