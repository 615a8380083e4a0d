/**
 * Examines the ports that a store takes: each is free, or held by the store's own running service.
 * Listens on each for a moment, which is the one way to know.
 */
import { createServer } from 'node:net';
import { type Address, formatAddress } from '../../base/address.js';
import { doubt, type Finding, ok, problem } from './finding.js';

export interface Door {
  /** Of the service. */
  readonly name: string;
  readonly address: Address;
}

/** `isRunning` tells whether the service itself may hold the port. */
export async function checkPorts(
  doors: readonly Door[],
  isRunning: (name: string) => boolean,
): Promise<Finding[]> {
  const states = await Promise.all(
    doors.map(async (door) => ({ ...door, reason: await whyNotFree(door.address) })),
  );
  const taken = states.filter(({ reason }) => reason !== undefined);
  const own = taken.filter(({ name, reason }) => reason === 'EADDRINUSE' && isRunning(name));
  const strange = taken.filter((one) => !own.includes(one));
  const findings = strange.map(({ name, address, reason }) => {
    const whose = reason === 'EADDRINUSE' ? 'another program listens there' : reason;
    return problem('ports', `${formatAddress(address)} for ${name}: ${whose}`);
  });
  if (own.length > 0 && own.length < doors.length && strange.length === 0) {
    findings.push(doubt('ports', `${own.length} of ${doors.length} ports are in use`));
  }
  if (findings.length > 0) return findings;
  const how = own.length > 0 ? 'open: the store runs' : 'free';
  return [ok('ports', `all ${doors.length} are ${how}`)];
}

/** The system's code; undefined where it is free. */
function whyNotFree({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
