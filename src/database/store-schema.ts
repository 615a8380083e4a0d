/**
 * Creates, recognizes and migrates the schema of a store. Invariant: nothing changes a schema that is
 * not this store's, or newer than this build, and only `migrateStore` changes the version.
 */

import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import { describeDatabase } from './connection-url.js';
import { toUnavailable } from './failures.js';
import {
  migrations,
  orderReportRight,
  reportRights,
  schemaVersion,
  serviceRights,
} from './migrations.js';
import { quoteName } from './server.js';
import {
  openSession,
  type Session,
  type SessionOptions,
  type Statement,
  unsent,
} from './session.js';
import { describeUnfinished } from './unfinished.js';

export interface StoreMeta {
  readonly version: number;
  readonly clusterId: string;
  /** Settings of the founding, in JSON. */
  readonly founding: string;
  /** Work on the tables that is not finished (unfinished.ts). */
  readonly unfinished?: string;
}

export type SchemaState =
  | { readonly kind: 'absent' }
  /** Tables of something else are in the schema. */
  | { readonly kind: 'foreign'; readonly table: string }
  | ({ readonly kind: 'older' | 'current' | 'newer' } & StoreMeta);

export interface Founding {
  readonly clusterId: string;
  readonly founding: string;
  /** Roles that exist already; they get their rights. */
  readonly serviceRole?: string | undefined;
  readonly reportRole?: string | undefined;
}

const duplicateSchema = new Set(['42P06', '42P07', '23505']);
/** A table, a column or a schema does not exist. */
const undefinedObjects = new Set(['42P01', '42703', '3F000']);
const noRights = '42501';

interface OwnedRow {
  /** The first table of the schema by name; null: it is empty. */
  readonly table: string | null;
  readonly isUsable: boolean;
}

const ownedQuery = `SELECT has_schema_privilege(n.oid, 'USAGE') AS "isUsable", c.relname AS "table"
  FROM pg_catalog.pg_namespace n
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v')
  WHERE n.nspname = $1 ORDER BY c.relname LIMIT 1`;
/** Every version of the schema answers it. */
const metaQuery = 'SELECT * FROM store_meta';

interface MetaRow {
  readonly schema_version: number;
  readonly cluster_id: string;
  readonly founding: string;
  readonly unfinished?: string | null;
}

/** Runs `use` with a session that is closed afterwards. Rejects with `unavailable`. */
export async function withSession<T>(
  options: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const opened = await openSession(options);
  if (opened.kind === 'failed') {
    throw toUnavailable(`cannot use ${describeDatabase(options.settings)}`, opened.failure);
  }
  try {
    return await use(opened.session);
  } finally {
    await opened.session.close();
  }
}

export async function readSchemaState(session: Session, schema: string): Promise<SchemaState> {
  const found = await session.query<MetaRow>({ text: metaQuery }, databaseLimits.callTimeoutMs);
  const [meta] = found.kind === 'rows' ? found.rows : [];
  if (meta !== undefined && isMeta(meta)) return stateOf(meta);
  if (found.kind === 'failed' && !undefinedObjects.has(found.failure.sqlState ?? '')) {
    throw toUnavailable('cannot read the schema', found.failure);
  }
  // The catalog also shows what this role may not use.
  const [owned] = await run<OwnedRow>(session, { text: ownedQuery, values: [schema] });
  if (owned === undefined) return { kind: 'absent' };
  const { table, isUsable } = owned;
  if (!isUsable) {
    const message = `permission denied for schema ${JSON.stringify(schema)}`;
    throw toUnavailable('cannot read the schema', unsent(message, noRights));
  }
  return table === null ? { kind: 'absent' } : { kind: 'foreign', table };
}

/** A foreign table may have the same name. */
function isMeta({ schema_version, cluster_id, founding }: Partial<MetaRow>): boolean {
  const texts = typeof cluster_id === 'string' && typeof founding === 'string';
  return typeof schema_version === 'number' && texts;
}

function stateOf(row: MetaRow): SchemaState {
  const { schema_version: version, cluster_id: clusterId, founding, unfinished } = row;
  const meta = { version, clusterId, founding, ...(unfinished ? { unfinished } : {}) };
  if (meta.version === schemaVersion) return { kind: 'current', ...meta };
  return { kind: meta.version < schemaVersion ? 'older' : 'newer', ...meta };
}

/** Throws unless a store may run on the schema: of this build, finished, of the cluster if one is given. */
export function checkSchema(
  state: SchemaState,
  schema: string,
  clusterId: string | undefined,
): StoreMeta {
  const meta = checkStore(state, schema, clusterId);
  if (meta.unfinished === undefined) return meta;
  throw conflict(`schema ${JSON.stringify(schema)} ${describeUnfinished(meta.unfinished)}`);
}

/** The same, also with unfinished work. */
export function checkStore(
  state: SchemaState,
  schema: string,
  clusterId: string | undefined,
): StoreMeta {
  const name = JSON.stringify(schema);
  if (state.kind === 'absent')
    throw conflict(`schema ${name} holds no store; run bazar store init`);
  if (state.kind === 'foreign') {
    throw conflict(
      `schema ${name} belongs to something else (table ${state.table}); choose another`,
    );
  }
  if (state.kind === 'older') {
    throw conflict(
      `schema ${name} has version ${state.version}, this build needs ${schemaVersion}; run bazar store migrate`,
    );
  }
  if (state.kind === 'newer') {
    throw conflict(
      `schema ${name} has version ${state.version}, this build knows ${schemaVersion}; use a newer build`,
    );
  }
  if (clusterId !== undefined && state.clusterId !== clusterId) {
    throw conflict(`schema ${name} belongs to the store ${state.clusterId}, not ${clusterId}`);
  }
  return state;
}

/** Creates the schema, its tables and the rights of the roles, in one transaction. */
export function initStore(
  options: SessionOptions,
  founding: Founding,
  all: readonly string[] = migrations,
): Promise<void> {
  return withSession(options, async (session) => {
    const state = await readSchemaState(session, options.schema);
    if (state.kind !== 'absent') refuseInit(state, options.schema);
    const created = await transaction(session, [
      { text: `CREATE SCHEMA IF NOT EXISTS ${quoteName(options.schema)}` },
      ...all.map((text) => ({ text })),
      {
        text: `INSERT INTO store_meta (format, schema_version, cluster_id, founding)
          VALUES ('bazar', $1, $2, $3)`,
        values: [all.length, founding.clusterId, founding.founding],
      },
      ...grants(options.schema, founding).map((text) => ({ text })),
    ]);
    if (created !== undefined && duplicateSchema.has(created.sqlState ?? '')) {
      throw conflict(`another process creates schema ${JSON.stringify(options.schema)}`);
    }
    if (created !== undefined) throw toUnavailable('cannot create the schema', created);
  });
}

function refuseInit(state: SchemaState, schema: string): never {
  const name = JSON.stringify(schema);
  if (state.kind === 'foreign' || state.kind === 'absent') {
    checkSchema(state, schema, undefined);
  }
  throw conflict(`schema ${name} holds a store already`);
}

/** The statements that give the roles their rights. */
export function grants(
  schema: string,
  { serviceRole, reportRole }: Pick<Founding, 'serviceRole' | 'reportRole'>,
): readonly string[] {
  const toRole = (role: string | undefined, rights: readonly string[]): readonly string[] => {
    if (role === undefined) return [];
    const to = quoteName(role);
    return [
      `GRANT USAGE ON SCHEMA ${quoteName(schema)} TO ${to}`,
      ...rights.map((right) => `GRANT ${right} TO ${to}`),
    ];
  };
  return [...toRole(serviceRole, serviceRights), ...toRole(reportRole, reportRights)];
}

interface RoleRow {
  readonly role: string;
  readonly isService: boolean;
}

/** The roles that have the rights of a service or of reports, which no migration takes from them. */
const rolesQuery = `SELECT grantee AS role, bool_or(table_name = 'log') AS "isService"
  FROM information_schema.table_privileges
  WHERE table_schema = $1 AND grantee NOT IN (current_user, 'PUBLIC')
    AND (table_name, privilege_type) IN (('log', 'DELETE'), ('sold_lines', 'SELECT'))
  GROUP BY grantee ORDER BY grantee`;

/** The roles that may read all columns of orders, and add none; `PUBLIC` too. */
const readersQuery = `SELECT grantee AS role FROM information_schema.table_privileges
  WHERE table_schema = $1 AND table_name = 'orders' AND grantee <> current_user
  GROUP BY grantee
  HAVING bool_or(privilege_type = 'SELECT') AND NOT bool_or(privilege_type = 'INSERT')
  ORDER BY grantee`;

/**
 * The statements that give these roles their rights on what a migration has added. A role that could only
 * read orders gets the right to read all columns but the customer.
 */
async function grantsAgain(session: Session, schema: string): Promise<readonly string[]> {
  const rows = await run<RoleRow>(session, { text: rolesQuery, values: [schema] });
  const readers = await run<{ role: string }>(session, { text: readersQuery, values: [schema] });
  return [
    ...readers.flatMap(({ role }) => {
      const reader = role === 'PUBLIC' ? role : quoteName(role);
      return [
        `REVOKE SELECT ON orders FROM ${reader} CASCADE`,
        `GRANT ${orderReportRight} TO ${reader}`,
      ];
    }),
    ...rows.flatMap(({ role, isService }) =>
      grants(schema, isService ? { serviceRole: role } : { reportRole: role }),
    ),
  ];
}

/**
 * Brings an older schema to this build's version, one transaction a migration. The last one gives the
 * roles their rights on what is new. Returns the old version.
 */
export function migrateStore(
  options: SessionOptions,
  all: readonly string[] = migrations,
): Promise<number> {
  return withSession(options, async (session) => {
    const state = await readSchemaState(session, options.schema);
    if (state.kind === 'absent' || state.kind === 'foreign' || state.kind === 'newer') {
      checkSchema(state, options.schema, undefined);
      throw conflict('the schema cannot be migrated');
    }
    const rights = state.version < all.length ? await grantsAgain(session, options.schema) : [];
    for (let version = state.version; version < all.length; version++) {
      const isLast = version === all.length - 1;
      const failure = await transaction(session, [
        // A second migration waits here, and then fails because the version is another one.
        {
          text: `UPDATE store_meta SET schema_version = $2 WHERE schema_version = $1`,
          values: [version, version + 1],
        },
        {
          text: `SELECT 1 / (SELECT count(*) FROM store_meta WHERE schema_version = ${version + 1})`,
        },
        { text: all[version] ?? '' },
        ...(isLast ? rights : []).map((text) => ({ text })),
      ]);
      if (failure !== undefined) throw toUnavailable('cannot migrate the schema', failure);
    }
    return state.version;
  });
}

type Failure = Parameters<typeof toUnavailable>[1];

/** Undefined: it has committed. */
async function transaction(
  session: Session,
  statements: readonly Statement[],
): Promise<Failure | undefined> {
  const { migrationTimeoutMs } = databaseLimits;
  const begin = { text: `BEGIN; SET LOCAL statement_timeout = ${migrationTimeoutMs}` };
  for (const statement of [begin, ...statements, { text: 'COMMIT' }]) {
    const answer = await session.query(statement, migrationTimeoutMs);
    if (answer.kind === 'failed') {
      await session.query({ text: 'ROLLBACK' }, databaseLimits.callTimeoutMs);
      return answer.failure;
    }
    if (answer.warning !== undefined && statement.text === 'COMMIT') {
      return {
        sqlState: undefined,
        message: answer.warning,
        isSent: true,
        hasRow: false,
        warning: undefined,
      };
    }
  }
  return undefined;
}

async function run<Row>(session: Session, statement: Statement): Promise<readonly Row[]> {
  const answer = await session.query<Row>(statement, databaseLimits.callTimeoutMs);
  if (answer.kind === 'rows') return answer.rows;
  throw toUnavailable('cannot read the schema', answer.failure);
}

function conflict(message: string): BazarError {
  return new BazarError('conflict', message);
}
