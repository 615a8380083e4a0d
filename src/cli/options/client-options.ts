/**
 * The options of every command that sends requests to a store, and the client that they describe.
 * Without an address, the client uses the frontends of this machine.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, formatAddress, parseAddress } from '../../base/address.js';
import { BazarError } from '../../base/errors.js';
import type { BazarClient } from '../../client/bazar-client.js';
import { rememberedStore } from '../launcher/remembered-store.js';
import { UsageError } from '../output/exit-codes.js';
import { integer, list, number, text, type Values } from './options.js';
import { outputSpecs } from './output-options.js';
import { placeSpecs, portOffsetMax } from './store-options.js';
import { clientTlsSpecs, readTrust } from './tls-options.js';

const clientGroup = { group: 'Client:' };
const placeGroup = { group: 'Place:' };
const remembered = { defaultDescription: 'as the store was started' };
const rawPort = 8180;
const defaultHost = '127.0.0.1';

/** Timeout of work that must survive a failover. */
export const failoverTimeoutSeconds = 30;

export const clientSpecs = {
  address: list('Address of a frontend (host:port); may be repeated', {
    ...clientGroup,
    alias: 'a',
  }),
  dataDir: placeSpecs.dataDir,
  host: text('Host of the frontends', undefined, { ...placeGroup, ...remembered }),
  portOffset: integer(
    'Added to every port',
    { min: 0, max: portOffsetMax, default: undefined },
    { ...placeGroup, ...remembered },
  ),
  timeout: timeout('a request', 10),
  ...clientTlsSpecs,
  ...outputSpecs,
} as const;

export const adminSpecs = {
  ...clientSpecs,
  token: text('Admin token; without it, admin.token in the data folder', undefined, clientGroup),
} as const;

type ClientOptions = Values<typeof clientSpecs>;

export function timeout(what: string, seconds: number) {
  const words = `Seconds that ${what} may take with all its attempts`;
  return number(words, { min: 0.01, max: 3_600, default: seconds }, clientGroup);
}

/** Opens a client, calls `use`, and closes the client in every case. */
export async function withClient<T>(
  options: ClientOptions,
  use: (client: BazarClient) => Promise<T>,
): Promise<T> {
  return useClient(await openClient(options), use);
}

/** As `withClient`, with one client for each frontend. */
export async function withEach<T>(
  options: ClientOptions,
  use: (clients: readonly BazarClient[], addresses: readonly string[]) => Promise<T>,
): Promise<T> {
  const each = addressesOf(options).map(formatAddress);
  const clients = await Promise.all(
    each.map((address) => openClient({ ...options, address: [address] })),
  );
  try {
    return await use(clients, each);
  } catch (error) {
    throw error instanceof BazarError ? withAdvice(error) : error;
  } finally {
    for (const client of clients) client.close();
  }
}

/** As `withClient`, with admin rights. */
export async function withAdmin<T>(
  options: Values<typeof adminSpecs>,
  use: (client: BazarClient) => Promise<T>,
): Promise<T> {
  const { readToken } = await import('../launcher/tokens.js');
  const token = options.token ?? readToken(options.dataDir, 'admin');
  return useClient(await openClient(options, token), async (client) => {
    try {
      return await use(client);
    } catch (error) {
      if (token !== undefined || !isRefused(error)) throw error;
      // Replaces the frontend's message, which describes the protocol and not the command.
      const { code, details } = error;
      throw new BazarError(code, 'this command needs the admin token', { details, cause: error });
    }
  });
}

function isRefused(error: unknown): error is BazarError {
  return error instanceof BazarError && error.code === 'unauthenticated';
}

export async function openClient(options: ClientOptions, token?: string): Promise<BazarClient> {
  const { BazarClient } = await import('../../client/bazar-client.js');
  const { waitingClock } = await import('../../base/clock.js');
  const tls = readTrust(options);
  return new BazarClient({
    addresses: addressesOf(options),
    timeoutMs: options.timeout * 1000,
    name: 'bazar',
    failFast: true,
    clock: waitingClock,
    ...(tls === undefined ? {} : { tls }),
    ...(token === undefined ? {} : { token }),
  });
}

async function useClient<T>(
  client: BazarClient,
  use: (client: BazarClient) => Promise<T>,
): Promise<T> {
  try {
    return await use(client);
  } catch (error) {
    throw error instanceof BazarError ? withAdvice(error) : error;
  } finally {
    client.close();
  }
}

function addressesOf(options: ClientOptions): Address[] {
  const { address, dataDir, host, portOffset } = options;
  if (address.length === 0) {
    return frontendsOf(dataDir, host, portOffset);
  }
  return address.map((one) => {
    const read = parseAddress(one);
    if (!read) throw new UsageError(`--address must be host:port, not "${one}"`);
    return read;
  });
}

/**
 * Frontend addresses: from the last start plus running ones. With --host or --port-offset, computed
 * from these.
 */
function frontendsOf(
  dataDir: string,
  host: string | undefined,
  portOffset: number | undefined,
): Address[] {
  const store = rememberedStore(dataDir);
  const planned = (n: number): Address => ({
    host: host ?? store?.host ?? defaultHost,
    port: rawPort + n + (portOffset ?? store?.portOffset ?? 0),
  });
  const running = runningFrontends(dataDir);
  if (!store || host !== undefined || portOffset !== undefined) return running.map(planned);
  const others = running.filter((n) => !store.frontends.has(`frontend-${n}`));
  return [...store.frontends.values(), ...others.map(planned)];
}

/**
 * The numbers of the running frontends by the pid files of the data folder; the first if there are
 * none.
 */
function runningFrontends(dataDir: string): number[] {
  let names: string[] = [];
  try {
    names = readdirSync(join(dataDir, 'run'));
  } catch {
    // No store has run on this folder.
  }
  const numbers = names.map((name) => Number(/^frontend-(\d+)\.pid$/.exec(name)?.[1] ?? 0));
  const found = numbers.filter((n) => n > 0).sort((a, b) => a - b);
  return found.length > 0 ? found : [1];
}

const unreachedAdvice: Readonly<Record<string, string>> = {
  refused: 'is the store running? try ./start.sh',
  name: 'is --host or --address right?',
  timeout: 'is --host or --address right, and does a firewall block the connection?',
  certificate: '--tls-ca must name the authority that signed the certificate',
  no_tls: 'omit --tls and --tls-ca',
  closed: 'if the port uses TLS, give --tls-ca FILE',
};

/** The same error with advice for the user. */
export function withAdvice(error: BazarError): BazarError {
  const advice = adviceFor(error);
  if (advice === undefined) return error;
  const { code, message, details } = error;
  return new BazarError(code, `${message}: ${advice}`, { details, cause: error });
}

function adviceFor(error: BazarError): string | undefined {
  const { unreached, reason, available } = error.details;
  if (unreached === true) return unreachedAdvice[String(reason)];
  if (error.code === 'out_of_stock' && typeof available === 'number') {
    return `${available} ${available === 1 ? 'is' : 'are'} left`;
  }
  const refusal = adviceForTerms(error);
  if (refusal !== undefined) return refusal;
  if (error.code === 'unauthenticated' || error.code === 'permission_denied') {
    return 'give --token, or the folder of admin.token with --data-dir';
  }
  return undefined;
}

/** Of what the store refused for a limit, another total, or too few units in a hold or an order. */
function adviceForTerms({ code, details }: BazarError): string | undefined {
  const { id, held, left, remaining, total } = details;
  if (code === 'customer_required') return 'give --customer';
  if (code === 'limit_exceeded' && typeof remaining === 'number')
    return `at most ${remaining} more`;
  const units = held ?? left;
  if (code === 'conflict' && typeof units === 'number' && typeof id === 'number')
    return `${units} of product ${id}`;
  if (code === 'price_changed' && typeof total === 'number') return `it is ${total.toFixed(2)}`;
  return undefined;
}
