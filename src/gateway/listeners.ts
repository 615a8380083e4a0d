/**
 * Opens a frontend's ports. If Node supports it, session threads listen themselves and the kernel
 * distributes the sessions. Otherwise a kind that needs only one thread is accepted by that thread,
 * and for all others the owner accepts sessions and relays their bytes. Invariant: a port on which
 * another process listens is refused, in all three cases.
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
 * True if threads may listen themselves: there are threads, it is configured, and a kind with
 * several threads can share a port.
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
  // The kernel would let a second store share the port, and distribute the customers over both.
  const probe = await tcpTransport.listen(address, (connection) => connection.destroy());
  await probe.close();
  return pool.listenInThreads({ host: address.host, port: probe.address.port }, kind, placement);
}

/** A raw message is little work for a thread, an HTTP request is more. */
function placementOf(kind: string): Placement {
  return kind === 'raw' ? 'packed' : 'spread';
}
