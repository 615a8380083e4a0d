/**
 * The options of a frontend's HTTP listener: its host names, the allowed origins, the status of an
 * order.
 */
import { UsageError } from '../output/exit-codes.js';
import { choice, list } from './options.js';

const serviceGroup = { group: 'Services:' };

export const httpSpecs = {
  allowedHost: list(
    'Further host names that a frontend accepts, besides IP addresses and localhost; *: all',
    { ...serviceGroup, defaultDescription: 'none on a loopback address, otherwise all' },
  ),
  corsOrigin: list(
    'Origins of other sites whose pages may use the store, such as https://shop.example.com; *: all',
    { ...serviceGroup, defaultDescription: 'none' },
  ),
  ordersStatus: choice(
    'Status of a successful POST /orders; older clients require 200',
    ['200', '201'],
    '200',
    serviceGroup,
  ),
} as const;

/** Returns the host names in lower case, without a trailing dot. */
export function allowedHosts(entries: readonly string[]): string[] {
  return entries.map((entry) => {
    const name = entry.toLowerCase().replace(/\.$/, '');
    if (entry === '*' || /^[\w-]+(\.[\w-]+)*$/.test(name)) return name;
    throw new UsageError(`--allowed-host must be a host name without a port, not "${entry}"`);
  });
}

/** Returns the origins in the form that browsers send. */
export function corsOrigins(entries: readonly string[]): string[] {
  return entries.map((entry) => {
    if (entry === '*') return entry;
    const url = URL.canParse(entry) ? new URL(entry) : undefined;
    if (url && /^https?:\/\/[^/]+\/?$/i.test(entry)) return url.origin;
    throw new UsageError(
      `--cors-origin must have the form https://shop.example.com, not "${entry}"`,
    );
  });
}
