/** A host and a port, and both as text. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with IPv6 hosts in brackets. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Reads `host:port` or `[v6]:port`; undefined where it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port <= 65_535 ? { host: match[1] ?? match[2] ?? '', port } : undefined;
}
