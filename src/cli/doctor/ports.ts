/**
 * Examines the ports that a store takes: each is free, or held by the store's own running service.
 * Listens on each port for a moment, and reads in /proc what uses a port that is taken.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Address, formatAddress } from '../../base/address.js';
import { doubt, type Finding, ok, problem } from './finding.js';

export interface ListenPoint {
  /** Name of the service. */
  readonly name: string;
  readonly address: Address;
}

/** @param isRunning whether the service runs, and may therefore use its port. */
export async function checkPorts(
  listenPoints: readonly ListenPoint[],
  isRunning: (name: string) => boolean,
): Promise<Finding[]> {
  const states = await Promise.all(
    listenPoints.map(async (listenPoint) => ({
      ...listenPoint,
      reason: await whyNotFree(listenPoint.address),
    })),
  );
  const taken = states.filter(({ reason }) => reason !== undefined);
  const own = taken.filter(({ name, reason }) => reason === 'EADDRINUSE' && isRunning(name));
  const strange = taken.filter((one) => !own.includes(one));
  const findings = strange.map(({ name, address, reason }) => {
    const whose = reason === 'EADDRINUSE' ? holderOf(address.port) : reason;
    return problem('ports', `${formatAddress(address)} for ${name}: ${whose}`);
  });
  if (own.length > 0 && own.length < listenPoints.length && strange.length === 0) {
    findings.push(doubt('ports', `${own.length} of ${listenPoints.length} ports are in use`));
  }
  if (findings.length > 0) return findings;
  const how = own.length > 0 ? 'in use by the running store' : 'free';
  return [ok('ports', `all ${listenPoints.length} are ${how}`)];
}

/** The system's error code; undefined if the port is free. */
function whyNotFree({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** In the kernel's tables of connections. */
const listenState = '0A';
const tables = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
const rangeFile = '/proc/sys/net/ipv4/ip_local_port_range';
const reservedFile = '/proc/sys/net/ipv4/ip_local_reserved_ports';

/** Says what uses a port on which the doctor cannot listen. */
function holderOf(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = tables.flatMap((table) => read(table).split('\n').slice(1));
  const states = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(`:${hex}`))
    .map(([, , , state]) => state);
  const isConnection = states.length > 0 && !states.includes(listenState);
  return isConnection
    ? 'an outgoing connection of a program uses it; try again, or choose a lower --port-offset'
    : 'another program listens there; another store? try --port-offset 1000';
}

/** Finds ports that the system may give to outgoing connections of any program. */
export function checkPortRange(
  listenPoints: readonly ListenPoint[],
  range: string = read(rangeFile),
  reserved: string = read(reservedFile),
): Finding[] {
  const [low = 0, high = -1] = range.trim().split(/\s+/).map(Number);
  const ports = listenPoints
    .map(({ address }) => address.port)
    .filter((port) => port >= low && port <= high && !isReserved(port, reserved));
  if (ports.length === 0) return [];
  const span = `${Math.min(...ports)}-${Math.max(...ports)}`;
  const told = `${ports.length} ports of the store are in the range ${low}-${high} of outgoing connections: a program may use the port of a service`;
  const wayOut = `choose a lower --port-offset, or sysctl -w net.ipv4.ip_local_reserved_ports=${span}`;
  return [doubt('ports', `${told}; ${wayOut}`)];
}

/** @param reserved as `8080,9001-9003`. */
function isReserved(port: number, reserved: string): boolean {
  return reserved
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .some((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return port >= from && port <= to;
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not on Linux: the range is unknown.
    return '';
  }
}
