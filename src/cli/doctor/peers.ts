/**
 * Examines the members of a store on several machines: which of them belong to this machine, and
 * whether the others can be reached from here.
 */
import { connect, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Address, formatAddress } from '../../base/address.js';
import { doubt, type Finding, ok } from './finding.js';

/** Timeout of one connection; all members are tried at once. */
const connectMs = 1_500;

export interface Member {
  readonly name: string;
  readonly address: Address;
}

/** Recognises addresses of this machine. A host name could be of any machine. */
export function isHere({ host }: Address): boolean {
  if (host === 'localhost' || (isIPv4(host) && host.startsWith('127.'))) return true;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return host === '0.0.0.0' || host === '::' || own.some(({ address }) => address === host);
}

/** A member that does not answer has not started yet, or is behind a firewall. */
export async function checkPeers(others: readonly Member[]): Promise<Finding[]> {
  if (others.length === 0) return [];
  const failures = await Promise.all(
    others.map(async ({ name, address }) => {
      const reason = await whyUnreachable(address);
      return reason === undefined ? [] : [`${name} at ${formatAddress(address)}: ${reason}`];
    }),
  );
  const silent = failures.flat();
  if (silent.length === 0)
    return [ok('peers', `all ${others.length} members on other machines answer`)];
  return silent.map((detail) => doubt('peers', detail));
}

function whyUnreachable({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const settle = (reason?: string): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => settle());
    socket.once('timeout', () => settle(`no answer within ${connectMs / 1_000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(
        error.code === 'ECONNREFUSED'
          ? 'nothing listens there (ECONNREFUSED)'
          : (error.code ?? error.message),
      ),
    );
  });
}
