/** Logs, locks and a line that can be cut, for the tests of the database. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { parseDatabaseUrl } from '../../src/database/connection-url.js';
import { PostgresLog } from '../../src/database/postgres-log.js';
import { host, type TestDatabase } from '../support/postgres-server.js';

interface Teardown {
  teardown(end: () => Promise<void>): void;
}

const fasterBy = 10;
const pollMs = 5;
const waitMs = 10_000;

/** The same store with other settings. */
export function changed(database: TestDatabase, change: (url: URL) => void): TestDatabase {
  const url = new URL(database.url);
  change(url);
  return { ...database, settings: parseDatabaseUrl(url.href, { PGAPPNAME: database.schema }) };
}

/** Its time passes ten times faster, so that waiting for a server ends soon. */
export const fastClock: Clock = {
  ...systemClock,
  nowMs: () => systemClock.nowMs() * fasterBy,
  wallMs: () => systemClock.wallMs() * fasterBy,
  after: (ms, callback) => systemClock.after(ms / fasterBy, callback),
};

export function logOf(test: Teardown, database: TestDatabase, group = 'catalog'): PostgresLog {
  const log = new PostgresLog({ ...database, group });
  test.teardown(() => log.close());
  return log;
}

/** An operator's session that holds a lock until it is released. */
export async function holdLock(
  test: Teardown,
  { url, schema }: TestDatabase,
  statement: string,
): Promise<{ release(): Promise<void> }> {
  const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
  client.on('error', () => {});
  await client.connect();
  await client.query(`BEGIN; ${statement}`);
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (!isHeld) return;
    isHeld = false;
    await client.end();
  };
  test.teardown(release);
  return { release };
}

/** Until `count` sessions of the store wait for a lock. */
export async function untilWaiting(database: TestDatabase, count: number): Promise<void> {
  await until(async () => {
    const rows = await database.query(
      `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1`,
      [database.schema],
    );
    return rows.length >= count;
  });
}

/** The store's sessions; `act` is a function of the server with one's pid. */
export function ownSessions(
  database: TestDatabase,
  act = 'abs',
  where = 'true',
): Promise<readonly unknown[]> {
  const text = `SELECT ${act}(pid) FROM pg_stat_activity WHERE application_name = $1 AND ${where}`;
  return database.query(text, [database.schema]);
}

export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + waitMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error('the condition did not become true');
    await sleep(pollMs);
  }
}

export interface Line {
  readonly port: number;
  /** The next answer of the server is lost, and the line is cut then, or stays open in silence. */
  loseAnswer(then: 'cut' | 'silence'): void;
  /** Connections since the start. */
  readonly connections: () => number;
}

/** A line to a server on the loopback interface. `cutAt`: number of a connection that is cut at once. */
export async function openLine(test: Teardown, toPort: number, cutAt?: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let lose: 'cut' | 'silence' | undefined;
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    if (connections === cutAt) {
      client.destroy();
      return;
    }
    const upstream = connect(toPort, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => upstream.write(bytes));
    let isSilent = false;
    upstream.on('data', (bytes) => {
      if (lose === 'cut') client.destroy();
      else if (lose === 'silence') isSilent = true;
      else if (!isSilent) client.write(bytes);
      lose = undefined;
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  test.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const at = server.address();
  return {
    port: typeof at === 'object' && at ? at.port : 0,
    loseAnswer(then) {
      lose = then;
    },
    connections: () => connections,
  };
}
