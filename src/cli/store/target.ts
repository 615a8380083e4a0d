/** The database of a store, from the options or from the last start on a data folder. */
import { resolve } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import { parseDatabaseUrl, withoutPasswords } from '../../database/connection-url.js';
import { toUnavailable } from '../../database/failures.js';
import type { Session, SessionOptions, Statement } from '../../database/session.js';
import { rememberedStore } from '../launcher/remembered-store.js';
import { databaseConfig, databaseSpecs } from '../options/database-options.js';
import type { Values } from '../options/options.js';
import type { placeSpecs } from '../options/store-options.js';
import { UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';

const callTimeoutMs = 5_000;

/** The options, or else the database of the last start. The latter has no password. */
export function chosenDatabase(
  options: Values<typeof databaseSpecs> & Partial<Values<Pick<typeof placeSpecs, 'dataDir'>>>,
  env: Io['env'],
): DatabaseConfig {
  const given = databaseConfig(options, env);
  if (given !== undefined) return given;
  const { dataDir } = options;
  const last = dataDir === undefined ? undefined : rememberedStore(resolve(dataDir))?.database;
  if (last === undefined) throw new UsageError('give the database with --store postgres://…');
  const { url, schema } = last;
  const found = databaseConfig({ store: url, storeSchema: schema }, env);
  if (found === undefined) throw new BazarError('internal', 'no database is remembered');
  return found;
}

export function sessionOptions({ url, env, schema }: DatabaseConfig, clock: Clock): SessionOptions {
  return { settings: parseDatabaseUrl(url, env), schema, clock };
}

/** `--store URL --store-schema NAME` without the password, for advice. */
export function storeFlags({ url, schema }: DatabaseConfig): string {
  const isDefault = schema === databaseSpecs.storeSchema.read(undefined, '');
  return `--store ${withoutPasswords(url)}${isDefault ? '' : ` --store-schema ${schema}`}`;
}

/** Rejects with `unavailable`. */
export async function rowsOf<Row>(
  session: Session,
  what: string,
  statement: Statement,
): Promise<readonly Row[]> {
  const answer = await session.query<Row>(statement, callTimeoutMs);
  if (answer.kind === 'failed') throw toUnavailable(what, answer.failure);
  return answer.rows;
}
