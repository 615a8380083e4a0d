/** Parses addresses in options: of one service, or of several by name (`--peers`). */
import { type Address, parseAddress } from '../../base/address.js';
import { UsageError } from '../output/exit-codes.js';

export function readPeers(entries: readonly string[]): Map<string, Address> {
  const peers = new Map<string, Address>();
  for (const entry of entries) {
    const at = entry.indexOf('=');
    if (at <= 0) throw new UsageError(`--peers: "${entry}" is not name=host:port`);
    peers.set(entry.slice(0, at), readAddress(entry.slice(at + 1)));
  }
  return peers;
}

export function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new UsageError(`"${text}" is not host:port`);
  return address;
}
