/**
 * Opens a frontend's ports: where Node can, each session thread listens for itself and the kernel
 * spreads the sessions; everywhere else the owner accepts them and relays their bytes. Invariant:
 * a port that another process listens on is refused, in both ways.
 */
import type { Address } from '../base/address.js';
import { reusesPorts } from '../net/reuse-port.js';
import { tcpTransport } from '../net/tcp-transport.js';
import type { Listener } from '../net/types.js';
import type { Filling } from '../pool/filling.js';
import type { SessionPool } from '../pool/session-pool.js';

/** May the threads listen for themselves? Not without threads, and not where it is not wanted. */
export function threadsListen({ workers, reusePort }: { workers: number; reusePort: boolean }) {
  return reusePort && workers > 0 && reusesPorts();
}

export async function openDoor(
  pool: SessionPool,
  address: Address,
  kind: string,
  inThreads: boolean,
): Promise<Listener> {
  // A message of the raw port is little work, a request of HTTP is some of it.
  const filling: Filling = kind === 'raw' ? 'packed' : 'spread';
  if (!inThreads) return pool.listen(tcpTransport, address, kind, filling);
  // The kernel would let a second store share the port, and split the customers between the two.
  const probe = await tcpTransport.listen(address, (connection) => connection.destroy());
  await probe.close();
  return pool.listenInThreads({ host: address.host, port: probe.address.port }, kind, filling);
}
