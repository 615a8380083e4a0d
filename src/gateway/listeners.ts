/**
 * Opens a frontend's ports: where Node can, session threads listen for themselves and the kernel
 * spreads the sessions; where it cannot, so does the one thread of a kind that uses no other; else
 * the owner accepts them and relays their bytes. Invariant: a port that another process listens on is
 * refused, in all ways.
 */
import { availableParallelism } from 'node:os';
import type { Address } from '../base/address.js';
import { reusesPorts } from '../net/reuse-port.js';
import { tcpTransport } from '../net/tcp-transport.js';
import type { Listener } from '../net/types.js';
import type { SessionPool } from '../pool/session-pool.js';
import { isServedByOne, type Placement } from '../pool/thread-placement.js';

export interface ListenerPlace {
  readonly workers: number;
  readonly reusePort: boolean;
}

/**
 * May threads listen for themselves? Not without threads, not where it is not wanted, and not several
 * where they cannot share a port.
 */
export function threadsListen(
  { workers, reusePort }: ListenerPlace,
  kind: string,
  cores: number = availableParallelism(),
): boolean {
  if (!reusePort || workers === 0) return false;
  return reusesPorts() || isServedByOne(placementOf(kind), workers, cores);
}

export async function openListener(
  pool: SessionPool,
  address: Address,
  kind: string,
  place: ListenerPlace,
): Promise<Listener> {
  const placement = placementOf(kind);
  if (!threadsListen(place, kind)) return pool.listen(tcpTransport, address, kind, placement);
  // The kernel would let a second store share the port, and split the customers between the two.
  const probe = await tcpTransport.listen(address, (connection) => connection.destroy());
  await probe.close();
  return pool.listenInThreads({ host: address.host, port: probe.address.port }, kind, placement);
}

/** A message of the raw port is little work, a request of HTTP is some of it. */
function placementOf(kind: string): Placement {
  return kind === 'raw' ? 'packed' : 'spread';
}
