/**
 * Examines the database of a store: server, schema, rights, a write, clock, standbys, connections.
 * Changes nothing. `bazar store check`, `bazar doctor` and every start use it.
 */
import type { Clock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { describeDatabase } from '../../database/connection-url.js';
import { adviseFailure } from '../../database/failures.js';
import { serviceRights } from '../../database/migrations.js';
import { openSession, type Session, type SessionOptions } from '../../database/session.js';
import { checkSchema, readSchemaState, type SchemaState } from '../../database/store-schema.js';
import { doubt, type Finding, ok, problem } from '../doctor/finding.js';
import { rowsOf } from './target.js';

export interface CheckOptions extends SessionOptions {
  /** What the store will run, for the number of connections. */
  readonly replicas: { readonly catalogs: number; readonly orders: number };
  /** Refuses the store of another data folder; undefined: any store. */
  readonly clusterId?: string | undefined;
  /** An absent schema is fine, because the start creates it. */
  readonly mayInit?: boolean;
}

/** A clock that differs by more than the first is a doubt, by more than the second a problem. */
const clockMs = { doubtful: 1_000, wrong: 600_000 } as const;
/** Sessions of a replica, including those of a start and an audit. */
const sessionsOf = { catalog: 4, order: 3 } as const;

/** Never rejects because of the database. */
export async function checkDatabase(options: CheckOptions): Promise<Finding[]> {
  const database = describeDatabase(options.settings);
  const opened = await openSession(options);
  if (opened.kind === 'failed') {
    return [problem('database', `cannot use ${database}: ${adviseFailure(opened.failure)}`)];
  }
  try {
    return await examineSession(opened.session, options);
  } finally {
    await opened.session.close();
  }
}

async function examineSession(session: Session, options: CheckOptions): Promise<Finding[]> {
  const found: Finding[] = [];
  const add = async (check: string, examine: () => Promise<Finding[]>): Promise<void> => {
    try {
      found.push(...(await examine()));
    } catch (error) {
      if (!(error instanceof BazarError)) throw error;
      found.push(problem(check, error.message));
    }
  };
  await add('database', () => checkServer(session, options));
  let isStore = false;
  await add('schema', async () => {
    const state = await readSchemaState(session, options.schema);
    isStore = state.kind === 'current';
    return [await checkState(session, state, options)];
  });
  if (isStore) {
    await add('rights', () => checkRights(session));
    const isRefused = found.some(({ check, verdict }) => check === 'rights' && verdict !== 'ok');
    if (!isRefused) await add('writes', () => checkWrite(session, options.clock));
  }
  await add('server clock', () => checkClock(session, options.clock));
  await add('standbys', () => checkStandbys(session));
  await add('connections', () => checkConnections(session, options));
  return found;
}

async function checkServer(session: Session, { settings }: CheckOptions): Promise<Finding[]> {
  const [row] = await rowsOf<{ version: string }>(session, 'cannot read the version', {
    text: 'SELECT version() AS version',
  });
  const version = row?.version.split(' ').slice(0, 2).join(' ') ?? '';
  return [ok('database', `${version} at ${describeDatabase(settings)}`)];
}

async function checkState(
  session: Session,
  state: SchemaState,
  { schema, clusterId, mayInit }: CheckOptions,
): Promise<Finding> {
  if (state.kind !== 'absent' || !mayInit) {
    const { version, clusterId: id } = checkSchema(state, schema, clusterId);
    return ok('schema', `${schema} has version ${version} and the store ${id}`);
  }
  const [row] = await rowsOf<{ mayCreate: boolean }>(session, 'cannot read the rights', {
    text: `SELECT has_database_privilege(current_database(), 'CREATE') AS "mayCreate"`,
  });
  if (row?.mayCreate) return ok('schema', `${schema} will be created`);
  return problem(
    'schema',
    `this role may not create the schema ${schema}: GRANT CREATE ON DATABASE`,
  );
}

async function checkRights(session: Session): Promise<Finding[]> {
  const wanted = serviceRights.flatMap((right) => {
    const [verbs = '', names = ''] = right.split(' ON ');
    return names.split(', ').flatMap((name) => verbs.split(', ').map((verb) => [name, verb]));
  });
  const missing = await rowsOf<{ name: string; verb: string; role: string }>(
    session,
    'cannot read the rights',
    {
      text: `SELECT name, verb, current_user AS role
        FROM unnest($1::text[], $2::text[]) AS wanted (name, verb)
        WHERE NOT has_table_privilege(name, verb)`,
      values: [wanted.map(([name]) => name), wanted.map(([, verb]) => verb)],
    },
  );
  const [first] = missing;
  if (first === undefined) return [ok('rights', 'this role may read and write the tables')];
  const lacking = missing.map(({ name, verb }) => `${verb} ON ${name}`).join(', ');
  return [problem('rights', `the role ${first.role} lacks ${lacking}: the owner can GRANT them`)];
}

/** Inserts a log row and takes it back. */
async function checkWrite(session: Session, clock: Clock): Promise<Finding[]> {
  const startMs = clock.nowMs();
  await rowsOf(session, 'cannot write', {
    text: `BEGIN; INSERT INTO log (seq, epoch, time, command)
      VALUES (${Number.MAX_SAFE_INTEGER}, 0, 0, ''); ROLLBACK`,
  }).catch(async (error: unknown) => {
    await rowsOf(session, 'cannot roll back', { text: 'ROLLBACK' });
    throw error;
  });
  return [ok('writes', `a test write took ${(clock.nowMs() - startMs).toFixed(1)} ms`)];
}

async function checkClock(session: Session, clock: Clock): Promise<Finding[]> {
  const [before, startMs] = [clock.wallMs(), clock.nowMs()];
  const [row] = await rowsOf<{ ms: number }>(session, "cannot read the server's clock", {
    text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS ms',
  });
  const halfMs = (clock.nowMs() - startMs) / 2;
  return [describeClock((row?.ms ?? 0) - (before + halfMs), halfMs)];
}

/** @param aheadMs by how much the server's clock is ahead, ± `errorMs`. */
export function describeClock(aheadMs: number, errorMs: number): Finding {
  const offMs = Math.max(Math.abs(aheadMs) - errorMs, 0);
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  const told = `the clock of the server is ${(offMs / 1_000).toFixed(1)} s ${side} this machine's`;
  if (offMs > clockMs.wrong) return problem('server clock', `${told}: set both by NTP`);
  if (offMs > clockMs.doubtful) return doubt('server clock', `${told}: set both by NTP`);
  return ok('server clock', 'as on this machine');
}

export interface Durability {
  readonly standbyNames: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  /** Connected standbys, also those that this role may not see in detail. */
  readonly standbys: number;
}

async function checkStandbys(session: Session): Promise<Finding[]> {
  const [row] = await rowsOf<Durability>(session, 'cannot read the settings', {
    text: `SELECT coalesce(current_setting('synchronous_standby_names', true), '') AS "standbyNames",
      coalesce(current_setting('fsync', true), '') AS fsync,
      coalesce(current_setting('full_page_writes', true), '') AS "fullPageWrites",
      (SELECT count(*) FROM pg_stat_replication) AS standbys`,
  });
  return row === undefined ? [] : describeDurability(row);
}

export function describeDurability(row: Durability): Finding[] {
  const found: Finding[] = [];
  const off = [
    row.fsync === 'off' ? 'fsync' : [],
    row.fullPageWrites === 'off' ? 'full_page_writes' : [],
  ].flat();
  if (off.length > 0) {
    const told = `${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} off: a crash of the server can lose or damage orders`;
    found.push(doubt('standbys', told));
  }
  const { standbyNames, standbys } = row;
  if (standbyNames === '') {
    const told = 'synchronous_standby_names is empty: a failover can lose acknowledged orders';
    found.push(doubt('standbys', `${told}; name a standby, unless the disk fails over itself`));
  } else if (standbys === 0) {
    const told = `no standby is connected, but synchronous_standby_names is '${standbyNames}'`;
    found.push(problem('standbys', `${told}: every write waits; start the standby`));
  }
  if (found.length > 0) return found;
  const count = `${standbys} ${standbys === 1 ? 'standby' : 'standbys'}`;
  return [ok('standbys', `${count}; the store writes with synchronous_commit on`)];
}

export interface Connections {
  /** Of the server, without those reserved for superusers. */
  readonly most: number;
  /** Of the role; -1: no limit. */
  readonly roleMost: number;
  /** Sessions of other programs now. */
  readonly others: number;
}

async function checkConnections(
  session: Session,
  { settings, replicas }: CheckOptions,
): Promise<Finding[]> {
  const [row] = await rowsOf<Connections>(session, 'cannot read the settings', {
    text: `SELECT current_setting('max_connections')::integer
        - coalesce(current_setting('superuser_reserved_connections', true), '0')::integer AS most,
      coalesce((SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user), -1)
        AS "roleMost",
      (SELECT count(*) FROM pg_stat_activity
        WHERE datid IS NOT NULL AND coalesce(application_name, '') <> $1) AS others`,
    values: [settings.applicationName],
  });
  const wanted = sessionsOf.catalog * replicas.catalogs + sessionsOf.order * replicas.orders;
  return row === undefined ? [] : [describeConnections(row, wanted)];
}

export function describeConnections(
  { most, roleMost, others }: Connections,
  wanted: number,
): Finding {
  const use = `the store uses up to ${wanted}`;
  if (roleMost >= 0 && roleMost < wanted) {
    return doubt(
      'connections',
      `this role may have ${roleMost}, ${use}: ALTER ROLE … CONNECTION LIMIT`,
    );
  }
  const told = `${most} at most, others have ${others}, ${use}`;
  if (most - others >= wanted) return ok('connections', told);
  return doubt('connections', `${told}: raise max_connections`);
}
