/**
 * One session with the database: a connection to the first host that is fit, with the store's settings.
 * Invariant: an answer carries any warning that the server sent during the statement, because a commit
 * that stopped waiting for the standby is only a warning (docs/SQL-ENGINE.md, S4).
 */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { Client, type DatabaseError, Query, types } from 'pg';
import type { Clock } from '../base/clock.js';
import { databaseLimits } from '../base/database-limits.js';
import type { DatabaseHost, DatabaseSettings, DatabaseTls } from './connection-url.js';
import type { QueryFailure } from './failures.js';
import {
  checkServer,
  quoteName,
  type ServerFacts,
  serverFacts,
  sessionSettings,
} from './server.js';

export interface Statement {
  /** Prepared under this name; absent: it is not prepared. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export type QueryAnswer<Row> =
  | { readonly kind: 'rows'; readonly rows: readonly Row[]; readonly warning: string | undefined }
  | { readonly kind: 'failed'; readonly failure: QueryFailure };

export type OpenedSession =
  | { readonly kind: 'open'; readonly session: Session }
  | { readonly kind: 'failed'; readonly failure: QueryFailure };

export interface SessionOptions {
  readonly settings: DatabaseSettings;
  /** Name of the store's schema in the database. */
  readonly schema: string;
  readonly clock: Clock;
}

const int8 = 20;
const int8Array = 1016;
const plainOnly = 'The server does not support SSL connections';

/** The text form of an array without nulls. */
function toNumbers(text: string): number[] {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map(Number);
}

/** The store's whole numbers are all exact as JavaScript numbers. */
const typeParsers: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  parserOf(oid) ?? types.getTypeParser(oid, format as 'text');

function parserOf(oid: number): ((text: string) => unknown) | undefined {
  if (oid === int8) return Number;
  return oid === int8Array ? toNumbers : undefined;
}

/** Statements run one at a time; the caller waits for each. */
export class Session {
  readonly #client: Client;
  readonly #clock: Clock;
  #isOpen = true;
  #warning: string | undefined;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    client.on('error', () => {
      this.#isOpen = false;
    });
    client.on('end', () => {
      this.#isOpen = false;
    });
    // The session's client_min_messages suppresses everything below a warning.
    client.on('notice', ({ message }) => {
      this.#warning ??= message ?? 'warning without a text';
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Never rejects. Drops the session if the answer takes longer than the timeout. */
  query<Row>(statement: Statement, timeoutMs: number): Promise<QueryAnswer<Row>> {
    const isSent = this.#isOpen;
    const rows: Row[] = [];
    this.#warning = undefined;
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => this.drop());
      const finish = (answer: QueryAnswer<Row>): void => {
        timer.cancel();
        resolve(answer);
      };
      const query = new Query({ ...statement, values: statement.values?.slice() ?? [] });
      query.on('row', (row: Row) => rows.push(row));
      query.on('end', () => finish({ kind: 'rows', rows, warning: this.#warning }));
      query.on('error', (error: Error) => {
        const found = failureOf(error, isSent);
        const failure = { ...found, hasRow: rows.length > 0, warning: this.#warning };
        finish({ kind: 'failed', failure });
      });
      this.#client.query(query);
    });
  }

  /** Closes the connection at once. A statement that is under way fails. */
  drop(): void {
    this.#isOpen = false;
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    const timer = this.#clock.after(databaseLimits.connectTimeoutMs, () => this.drop());
    this.#isOpen = false;
    await this.#client.end().catch(() => {});
    timer.cancel();
  }
}

/** Never rejects. Tries each host once, in their order. */
export async function openSession(options: SessionOptions): Promise<OpenedSession> {
  let failed: OpenedSession | undefined;
  for (const host of options.settings.hosts) {
    const opened = await openAt(options, host);
    if (opened.kind === 'open') return opened;
    // A host that refuses says more than one that is only unreachable.
    if (failed?.kind !== 'failed' || failed.failure.sqlState === undefined) failed = opened;
  }
  return failed ?? failedBy('no host is configured');
}

async function openAt(options: SessionOptions, host: DatabaseHost): Promise<OpenedSession> {
  const { settings, schema } = options;
  const connected = await connect(options, host);
  if (connected.kind === 'failed') return connected;
  const { session } = connected;
  const timeoutMs = settings.connectTimeoutMs;
  const facts = await session.query<ServerFacts>({ text: serverFacts }, timeoutMs);
  const fail = async (failure: QueryFailure): Promise<OpenedSession> => {
    session.drop();
    return { kind: 'failed', failure: { ...at(failure, host), isSent: false } };
  };
  if (facts.kind === 'failed') return fail(facts.failure);
  const problem = checkServer(facts.rows[0], settings.target);
  if (problem !== undefined) return fail(unsent(problem.message, problem.sqlState));
  const ready = await session.query(
    { text: `SET search_path = ${quoteName(schema)}; ${sessionSettings}` },
    timeoutMs,
  );
  if (ready.kind === 'failed') return fail(ready.failure);
  return { kind: 'open', session };
}

async function connect(options: SessionOptions, host: DatabaseHost): Promise<OpenedSession> {
  const { settings, clock } = options;
  let ssl: false | ConnectionOptions;
  try {
    ssl = host.host.startsWith('/') ? false : await tlsOptions(settings.tls);
  } catch (error) {
    return failedBy(`cannot read a TLS file: ${messageOf(error)}`);
  }
  const client = newClient(settings, host, ssl);
  const session = new Session(client, clock);
  try {
    await client.connect();
    return { kind: 'open', session };
  } catch (error) {
    session.drop();
    const isPlainOnly = settings.tls.mode === 'prefer' && messageOf(error) === plainOnly;
    if (!isPlainOnly) return { kind: 'failed', failure: at(failureOf(error, false), host) };
    const plain = { ...settings, tls: { ...settings.tls, mode: 'disable' as const } };
    return connect({ ...options, settings: plain }, host);
  }
}

function newClient(
  settings: DatabaseSettings,
  { host, port }: DatabaseHost,
  ssl: false | ConnectionOptions,
): Client {
  return new Client({
    host,
    port,
    ssl,
    user: settings.user,
    database: settings.database,
    password: settings.password,
    application_name: settings.applicationName,
    options: settings.options,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: databaseLimits.keepAliveMs,
    types: { getTypeParser: typeParsers },
  });
}

/** As libpq: `require` checks the certificate only if there is a root. */
async function tlsOptions(tls: DatabaseTls): Promise<false | ConnectionOptions> {
  const { mode, rootFile, certFile, keyFile } = tls;
  if (mode === 'disable') return false;
  const read = (file: string | undefined) =>
    file === undefined ? undefined : readFile(file, 'utf8');
  const hasRoot = rootFile !== undefined && rootFile !== 'system';
  const [ca, cert, key] = await Promise.all([
    hasRoot ? read(rootFile) : undefined,
    read(certFile),
    read(keyFile),
  ]);
  const isChecked = mode.startsWith('verify') || (mode === 'require' && rootFile !== undefined);
  const isNamed = mode === 'verify-full';
  return {
    rejectUnauthorized: isChecked,
    ...(isNamed ? {} : { checkServerIdentity: () => undefined }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

function failureOf(error: unknown, isSent: boolean): QueryFailure {
  const failure = { ...unsent(messageOf(error), undefined), isSent };
  if (!isDatabaseError(error)) return failure;
  const { code, table, constraint, detail } = error;
  return { ...failure, sqlState: code, table, constraint, detail };
}

export function unsent(message: string, sqlState: string | undefined): QueryFailure {
  return { sqlState, message, isSent: false, hasRow: false, warning: undefined };
}

function failedBy(message: string): OpenedSession {
  return { kind: 'failed', failure: unsent(message, undefined) };
}

function at(failure: QueryFailure, { host, port }: DatabaseHost): QueryFailure {
  return { ...failure, message: `${host}:${port}: ${failure.message}` };
}

/** An AggregateError of several addresses has no text of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
