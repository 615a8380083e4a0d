/**
 * The addresses at which others reach a frontend: the configured ones, else the listening ones. A
 * frontend that listens on every address of its machine is shown with the machine's name.
 */
import { hostname } from 'node:os';
import { type Address, formatAddress } from '../base/address.js';
import type { FrontendConfig } from './frontend-config.js';

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

export function shownAddresses({
  raw,
  http,
  advertised,
}: Pick<FrontendConfig, 'raw' | 'http' | 'advertised'>): { raw: string; http: string } {
  const host = advertised?.host ?? hostname();
  const shown = (address: Address): string =>
    formatAddress(wildcards.has(address.host) ? { ...address, host } : address);
  return { raw: advertised ? formatAddress(advertised) : shown(raw), http: shown(http) };
}
