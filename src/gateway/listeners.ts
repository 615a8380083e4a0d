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
import { type Filling, isServedByOne } from '../pool/thread-placement.js';

export interface Doorway {
  readonly workers: number;
  readonly reusePort: boolean;
}

/**
 * May threads listen for themselves? Not without threads, not where it is not wanted, and not several
 * where they cannot share a port.
 */
export function threadsListen(
  { workers, reusePort }: Doorway,
  kind: string,
  cores: number = availableParallelism(),
): boolean {
  if (!reusePort || workers === 0) return false;
  return reusesPorts() || isServedByOne(fillingOf(kind), workers, cores);
}

export async function openDoor(
  pool: SessionPool,
  address: Address,
  kind: string,
  doorway: Doorway,
): Promise<Listener> {
  const filling = fillingOf(kind);
  if (!threadsListen(doorway, kind)) return pool.listen(tcpTransport, address, kind, filling);
  // The kernel would let a second store share the port, and split the customers between the two.
  const probe = await tcpTransport.listen(address, (connection) => connection.destroy());
  await probe.close();
  return pool.listenInThreads({ host: address.host, port: probe.address.port }, kind, filling);
}

/** A message of the raw port is little work, a request of HTTP is some of it. */
function fillingOf(kind: string): Filling {
  return kind === 'raw' ? 'packed' : 'spread';
}
