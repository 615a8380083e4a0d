/** The store as a peer: the default one, and one over PostgreSQL. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BazarClient } from '../../src/client/bazar-client.js';
import { familyOf } from '../load/processes.js';
import { command, type RunningStore, startStore } from '../load/store.js';
import { httpProtocol } from './http-protocol.js';
import {
  type Books,
  host,
  type PeerSystem,
  priceCents,
  type Stops,
  type Subject,
  type SystemOptions,
} from './peer.js';
import { startPair } from './postgres-pair.js';
import { database, role } from './postgres-sql.js';
import { rawProtocol } from './raw-protocol.js';
import type { NamedProcess } from './usage.js';

const httpPort = 8_081;
const sqlPortOffset = 3_000;
const topics = 100;
const namesBegin = 'Product';
const pageItems = 1_000;
const workersMax = 10;
const auditTimeoutMs = 120_000;
const members = { catalogs: 2, orders: 3, recovery: 1 };

/** The default store, over its raw port and over HTTP. */
export function startStorePeer(options: SystemOptions, stops: Stops): Promise<PeerSystem> {
  return startPeer(options, stops, {
    ...{ name: 'store', flags: [], members },
    subjects: ({ port }) => [
      { name: 'store', label: 'store, raw', port, protocol: rawProtocol() },
      {
        name: 'store-http',
        label: 'store, HTTP',
        port: httpPort + options.portOffset,
        protocol: httpProtocol(),
      },
    ],
    others: () => [],
  });
}

/** The store over PostgreSQL with a synchronous standby. */
export async function startSqlPeer(given: SystemOptions, stops: Stops): Promise<PeerSystem> {
  // The default store and the other PostgreSQL may run at the same time.
  const options = { ...given, portOffset: given.portOffset + sqlPortOffset };
  const pair = await startPair(options, stops);
  const url = `postgres://${role}@${host}:${pair.port}/${database}`;
  execFileSync(process.execPath, [command, 'store', 'init', '--store', url]);
  return startPeer(options, stops, {
    ...{ name: 'store-sql', flags: ['--store', url], members: { ...members, recovery: 0 } },
    subjects: ({ port }) => [
      { name: 'store-sql', label: 'store on PostgreSQL', port, protocol: rawProtocol() },
    ],
    others: () => pair.processes(),
  });
}

interface Variant {
  readonly name: string;
  readonly flags: readonly string[];
  readonly members: typeof members;
  readonly subjects: (target: { readonly port: number }) => readonly Subject[];
  /** The processes beside the store's. */
  readonly others: () => readonly NamedProcess[];
}

async function startPeer(
  options: SystemOptions,
  stops: Stops,
  variant: Variant,
): Promise<PeerSystem> {
  const { portOffset, folder, stock } = options;
  const file = join(folder, 'products.json');
  writeFileSync(file, JSON.stringify({ products: productsOf(stock) }));
  const workers = Math.min(availableParallelism(), workersMax);
  const starting = startStore({
    ...variant.members,
    workers,
    portOffset,
    tempParent: folder,
    flags: ['--products-file', file, ...variant.flags],
  });
  // An end during the start waits for it: it is bounded, and knows its processes only afterwards.
  stops.add(async () => (await starting).stop());
  const store = await starting;
  return {
    name: variant.name,
    version: `Node ${process.version}`,
    settings: {
      ...Object.fromEntries(Object.entries(variant.members).map(([name, n]) => [name, `${n}`])),
      workers: `${workers}`,
    },
    subjects: variant.subjects(store.target),
    processes: () => [...familyOf(store.launcherPid).map(named), ...variant.others()],
    books: () => booksOf(store),
  };
}

function productsOf(stock: readonly number[]): object[] {
  return stock.slice(1).map((quantity, index) => ({
    id: index + 1,
    name: `${namesBegin} ${String(index + 1).padStart(6, '0')}`,
    topic: `topic ${index % topics}`,
    price: priceCents / 100,
    quantity,
  }));
}

/** The services' titles are `bazar KIND --id NAME`. */
function named(pid: number): NamedProcess {
  let title = '';
  try {
    title = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended, or there is no /proc.
  }
  return { pid, name: /--id[ \0]([\w-]+)/.exec(title)?.[1] ?? 'launcher' };
}

/** The audit recomputes orders and stock from the logs of all replicas. */
async function booksOf({ target, dataDir }: RunningStore): Promise<Books> {
  const token = readFileSync(join(dataDir, 'admin.token'), 'utf8').trim();
  const client = new BazarClient({ addresses: [target], token });
  try {
    const { sales, orders, problems } = await client.audit({ timeoutMs: auditTimeoutMs });
    const stock = [0];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = await client.search({ text: namesBegin, limit: pageItems, after });
      for (const { id, quantity } of page.items) stock[id] = quantity;
      after = page.next;
    }
    return { orders, lastOrder: sales, stock, problems };
  } finally {
    client.close();
  }
}
