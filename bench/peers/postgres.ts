/**
 * PostgreSQL with one synchronous standby, behind a server that decides purchases in batches.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpProtocol } from './http-protocol.js';
import {
  type Books,
  host,
  type PeerSystem,
  priceCents,
  type Stops,
  type SystemOptions,
} from './peer.js';
import { query, startPair } from './postgres-pair.js';
import { countOrders, fillItems, listStock, schema } from './postgres-sql.js';
import { startServer, untilReady } from './servers.js';

const httpPort = 8_990;
const readyTimeoutMs = 60_000;
const replayTimeoutMs = 30_000;
const serverProgram = fileURLToPath(new URL('./postgres-server.js', import.meta.url));

export async function startPostgres(options: SystemOptions, stops: Stops): Promise<PeerSystem> {
  const pair = await startPair(options, stops, async (at) => {
    await query(at, schema);
    await query(at, fillItems, [priceCents, options.stock.slice(1)]);
    await query(at, 'ANALYZE');
  });
  const { folder, portOffset } = options;
  const { port, copyPort, version } = pair;
  const ownPort = httpPort + portOffset;
  const args = [serverProgram, `${ownPort}`, `${port}`];
  const server = startServer(process.execPath, args, join(folder, 'server.log'));
  stops.add(() => server.stop('SIGTERM'));
  await untilReady('the server on PostgreSQL', readyTimeoutMs, [server], async () => {
    return (await fetch(`http://${host}:${ownPort}/`)).status === 400;
  });
  return {
    ...{ name: 'postgres', version },
    settings: await pair.settings(),
    subjects: [
      {
        name: 'postgres',
        label: `PostgreSQL ${version}`,
        port: ownPort,
        protocol: httpProtocol(),
      },
    ],
    processes: () => [{ pid: server.pid, name: 'server' }, ...pair.processes()],
    books: () => booksOf(port, copyPort),
  };
}

/** The standby has every order on disk, but shows it a little later. */
async function booksOf(port: number, copyPort: number): Promise<Books> {
  const here = await bookOf(port);
  const untilMs = performance.now() + replayTimeoutMs;
  let there = await bookOf(copyPort);
  while (JSON.stringify(there) !== JSON.stringify(here) && performance.now() < untilMs) {
    there = await bookOf(copyPort);
  }
  const isEqual = JSON.stringify(there) === JSON.stringify(here);
  return { ...here, problems: isEqual ? [] : ['the standby differs from the primary'] };
}

async function bookOf(port: number): Promise<Omit<Books, 'problems'>> {
  const [counts] = await query(port, countOrders);
  const stock = (await query(port, listStock)).map((row) => Number(row.stock));
  return {
    orders: Number(counts?.orders),
    lastOrder: Number(counts?.last),
    stock: [0, ...stock],
  };
}
