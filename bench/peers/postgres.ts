/**
 * PostgreSQL with one synchronous standby, behind a server that decides purchases in batches. A commit
 * returns when both have synced it to disk. No checkpoint by time or size happens during the load.
 */
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type QueryResultRow } from 'pg';
import { familyOf } from '../load/processes.js';
import { httpProtocol } from './http-protocol.js';
import {
  type Books,
  host,
  type PeerSystem,
  priceCents,
  type Stops,
  type SystemOptions,
} from './peer.js';
import { findPrograms, runProgram, serverUser, versionOf } from './postgres-programs.js';
import { countOrders, database, fillItems, listStock, role, schema } from './postgres-sql.js';
import { type Server, startServer, type User, untilReady } from './servers.js';
import type { NamedProcess } from './usage.js';

const primaryPort = 5_432;
const standbyPort = 5_433;
const httpPort = 8_990;
const readyTimeoutMs = 60_000;
const replayTimeoutMs = 30_000;
const connectTimeoutMs = 5_000;
const queryTimeoutMs = 60_000;
const serverProgram = fileURLToPath(new URL('./postgres-server.js', import.meta.url));
const settings: Readonly<Record<string, string>> = {
  listen_addresses: host,
  unix_socket_directories: '',
  max_connections: '20',
  fsync: 'on',
  synchronous_commit: 'on',
  wal_level: 'replica',
  shared_buffers: '256MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  jit: 'off',
};
const shown = [...Object.keys(settings), 'synchronous_standby_names', 'full_page_writes'];
/** As the titles of PostgreSQL's processes begin; all others serve a connection. */
const kinds = [
  'archiver',
  'autovacuum',
  'background writer',
  'checkpointer',
  'logical replication',
  'startup',
  'walreceiver',
  'walsender',
  'walwriter',
];

export async function startPostgres(options: SystemOptions, stops: Stops): Promise<PeerSystem> {
  const programs = findPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const { folder, portOffset } = options;
  const user = serverUser();
  const port = primaryPort + portOffset;
  const copyPort = standbyPort + portOffset;
  const ownPort = httpPort + portOffset;
  const start = (name: string, at: number): Server => {
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const args = ['-D', join(folder, name), '-p', `${at}`, ...flags];
    const server = startServer(join(programs, 'postgres'), args, join(folder, `${name}.log`), user);
    // A fast shutdown.
    stops.add(() => server.stop('SIGINT'));
    return server;
  };

  const path = dataFolder(folder, 'primary', user);
  const basics = ['-U', role, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await runProgram(join(programs, 'initdb'), ['-D', path, ...basics], user, stops);
  const primary = start('primary', port);
  await untilReady('PostgreSQL', readyTimeoutMs, [primary], async () => {
    return (await query(port, 'SELECT 1')).length === 1;
  });
  await query(port, schema);
  await query(port, fillItems, [priceCents, options.stock.slice(1)]);
  await query(port, 'ANALYZE');
  const copy = dataFolder(folder, 'standby', user);
  const from = ['-h', host, '-p', `${port}`, '-U', role, '-c', 'fast', '-X', 'stream'];
  await runProgram(join(programs, 'pg_basebackup'), ['-D', copy, '-R', ...from], user, stops);
  const standby = start('standby', copyPort);
  await query(port, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await query(port, 'SELECT pg_reload_conf()');
  await untilReady('the standby', readyTimeoutMs, [primary, standby], async () => {
    const [row] = await query(port, 'SELECT sync_state FROM pg_stat_replication');
    return row?.sync_state === 'sync';
  });
  const args = [serverProgram, `${ownPort}`, `${port}`];
  const server = startServer(process.execPath, args, join(folder, 'server.log'));
  stops.add(() => server.stop('SIGTERM'));
  await untilReady('the server on PostgreSQL', readyTimeoutMs, [server], async () => {
    return (await fetch(`http://${host}:${ownPort}/`)).status === 400;
  });

  const version = versionOf(programs);
  const label = `PostgreSQL ${version}`;
  return {
    name: 'postgres',
    version,
    settings: {
      ...(await shownSettings('primary', port)),
      ...(await shownSettings('standby', copyPort)),
    },
    subjects: [{ name: 'postgres', label, port: ownPort, protocol: httpProtocol() }],
    processes: () => [
      { pid: server.pid, name: 'server' },
      ...familyOf(primary.pid).map((pid) => named('primary', pid)),
      ...familyOf(standby.pid).map((pid) => named('standby', pid)),
    ],
    books: () => booksOf(port, copyPort),
  };
}

/** Owned by the user that runs the servers, and readable for no other user. */
function dataFolder(folder: string, name: string, user: User | undefined): string {
  const path = join(folder, name);
  mkdirSync(path, { mode: 0o700 });
  if (user) chownSync(path, user.uid, user.gid);
  return path;
}

/** One statement, or several without values, over its own connection. */
async function query(
  port: number,
  text: string,
  values?: unknown[],
): Promise<readonly QueryResultRow[]> {
  const client = new Client({
    host,
    port,
    user: role,
    database,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
  });
  // The query itself rejects too.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<QueryResultRow>(text, values)).rows ?? [];
  } finally {
    await client.end();
  }
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

async function shownSettings(name: string, port: number): Promise<Record<string, string>> {
  const list: Record<string, string> = {};
  for (const setting of shown) {
    const [row] = await query(port, `SHOW ${setting}`);
    list[`${name} ${setting}`] = String(row?.[setting] ?? '');
  }
  return list;
}

function named(server: string, pid: number): NamedProcess {
  let title = '';
  try {
    title = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended, or there is no /proc.
  }
  if (!title.startsWith('postgres: ')) return { pid, name: `${server} postmaster` };
  const kind = kinds.find((each) => title.startsWith(`postgres: ${each}`)) ?? 'connection';
  return { pid, name: `${server} ${kind}` };
}
