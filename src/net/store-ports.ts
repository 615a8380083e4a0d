/**
 * The ports of the store on this machine, for all threads of a process. The system may give an outgoing
 * connection any free port of its range. The client does not keep a connection with a port that a
 * service of the store needs, because that service could not listen.
 */
import type { Socket } from 'node:net';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const key = 'bazar: ports of the store';

/** Must run before the first thread starts, because threads get a copy. */
export function setStorePorts(ports: readonly number[]): void {
  setEnvironmentData(key, [...ports]);
}

export function takesStorePort({ localPort }: Socket): boolean {
  const ports = getEnvironmentData(key);
  return Array.isArray(ports) && ports.includes(localPort);
}

/** If no process listens on a port of the system's range, a connection to it may connect to itself. */
export function isConnectedToItself(socket: Socket): boolean {
  const { localPort, remotePort, localAddress, remoteAddress } = socket;
  return localPort === remotePort && localAddress === remoteAddress;
}
