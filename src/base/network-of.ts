/** Maps an address to the network that counts for limits per address. */
import { isIPv6 } from 'node:net';
import { parseAddress } from './address.js';

/** Groups of an IPv6 address that name the network; one customer owns the rest. */
const networkGroups = 4;

/**
 * The address of `host:port` as limits count it: an IPv4 address, also if written as IPv6, or the /64
 * network of an IPv6 address.
 */
export function networkOf(remote: string): string {
  const host = parseAddress(remote)?.host ?? remote;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (mapped !== undefined) return mapped;
  const [address = ''] = host.split('%', 1);
  if (!isIPv6(address)) return host;
  const [before = '', after] = address.toLowerCase().split('::', 2);
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  // A dotted end replaces two groups, and none of the first four.
  const dotted = tail.at(-1)?.includes('.') ? 1 : 0;
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length - dotted);
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  const network = groups.slice(0, networkGroups).map((group) => Number.parseInt(group, 16));
  return `${network.map((group) => group.toString(16)).join(':')}::/64`;
}
