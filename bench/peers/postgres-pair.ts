/**
 * A PostgreSQL server with one synchronous standby: a commit returns when both have synced it to disk. No
 * checkpoint by time or size happens during the load.
 */
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { familyOf } from '../load/processes.js';
import { host, type Stops, type SystemOptions } from './peer.js';
import { findPrograms, runProgram, serverUser, versionOf } from './postgres-programs.js';
import { database, role } from './postgres-sql.js';
import { type Server, startServer, type User, untilReady } from './servers.js';
import type { NamedProcess } from './usage.js';

const primaryPort = 5_432;
const standbyPort = 5_433;
const readyTimeoutMs = 60_000;
const connectTimeoutMs = 5_000;
const queryTimeoutMs = 60_000;
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

export interface PostgresPair {
  readonly version: string;
  readonly port: number;
  readonly copyPort: number;
  readonly servers: readonly Server[];
  settings(): Promise<Record<string, string>>;
  processes(): readonly NamedProcess[];
}

/** `prepare` runs before the standby copies the primary. */
export async function startPair(
  { folder, portOffset }: Pick<SystemOptions, 'folder' | 'portOffset'>,
  stops: Stops,
  prepare: (port: number) => Promise<void> = async () => {},
): Promise<PostgresPair> {
  const programs = findPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const user = serverUser();
  const port = primaryPort + portOffset;
  const copyPort = standbyPort + portOffset;
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
  await prepare(port);
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
  return {
    ...{ version: versionOf(programs), port, copyPort, servers: [primary, standby] },
    settings: async () => ({
      ...(await shownSettings('primary', port)),
      ...(await shownSettings('standby', copyPort)),
    }),
    processes: () => [
      ...familyOf(primary.pid).map((pid) => named('primary', pid)),
      ...familyOf(standby.pid).map((pid) => named('standby', pid)),
    ],
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
export async function query(
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
