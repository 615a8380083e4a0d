/** The default store as a peer: over its raw port and over HTTP. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BazarClient } from '../../src/client/bazar-client.js';
import { familyOf } from '../load/processes.js';
import { type RunningStore, startStore } from '../load/store.js';
import { httpProtocol } from './http-protocol.js';
import { type Books, type PeerSystem, priceCents, type Stops, type SystemOptions } from './peer.js';
import { rawProtocol } from './raw-protocol.js';
import type { NamedProcess } from './usage.js';

const httpPort = 8_081;
const topics = 100;
const namesBegin = 'Product';
const pageItems = 1_000;
const workersMax = 10;
const auditTimeoutMs = 120_000;
const members = { catalogs: 2, orders: 3, recovery: 1 };

export async function startStorePeer(options: SystemOptions, stops: Stops): Promise<PeerSystem> {
  const { portOffset, folder, stock } = options;
  const file = join(folder, 'products.json');
  writeFileSync(file, JSON.stringify({ products: productsOf(stock) }));
  const workers = Math.min(availableParallelism(), workersMax);
  const starting = startStore({
    ...members,
    workers,
    portOffset,
    tempParent: folder,
    flags: ['--products-file', file],
  });
  // An end during the start waits for it: it is bounded, and knows its processes only afterwards.
  stops.add(async () => (await starting).stop());
  const store = await starting;
  return {
    name: 'store',
    version: `Node ${process.version}`,
    settings: {
      ...Object.fromEntries(Object.entries(members).map(([name, n]) => [name, `${n}`])),
      workers: `${workers}`,
    },
    subjects: [
      { name: 'store', label: 'store, raw', port: store.target.port, protocol: rawProtocol() },
      {
        name: 'store-http',
        label: 'store, HTTP',
        port: httpPort + portOffset,
        protocol: httpProtocol(),
      },
    ],
    processes: () => familyOf(store.launcherPid).map(named),
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
