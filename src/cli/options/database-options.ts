/**
 * The options of a store in a database, and the connection that they describe. Invariant: no message
 * shows the value of `--store`, because it may have a password.
 */
import type { DatabaseConfig } from '../../base/config.js';
import { defaultSchema, isDatabaseUrl } from '../../database/connection-url.js';
import { UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { type Option, text } from './options.js';

const group = { group: 'Store:' };
/** The server cuts longer names off. */
const schemaPattern = /^[a-z_][a-z0-9_]{0,62}$/;

export const databaseSpecs = {
  store: checked(
    text('Database that keeps the store (postgres://…) instead of journals', undefined, group),
    (url, label) => {
      if (url !== undefined && !isDatabaseUrl(url)) {
        throw new UsageError(`${label} must be a URL postgres://user@host:port/database`);
      }
    },
  ),
  storeSchema: checked(
    text("Schema of the store's tables in the database", defaultSchema, group),
    (name, label) => {
      if (schemaPattern.test(name)) return;
      throw new UsageError(`${label} must have small letters, digits and _, at most 63`);
    },
  ),
} as const;

interface DatabaseValues {
  readonly store?: string | undefined;
  readonly storeSchema: string;
}

/** Undefined without `--store`. */
export function databaseConfig(
  { store, storeSchema }: DatabaseValues,
  env: Io['env'],
): DatabaseConfig | undefined {
  if (store === undefined) return undefined;
  const names = Object.keys(env).filter((name) => /^PG[A-Z]/.test(name));
  return {
    url: store,
    env: Object.fromEntries(names.map((name) => [name, env[name]])),
    schema: storeSchema,
  };
}

interface StoreValues extends Partial<DatabaseValues> {
  readonly recovery?: number | undefined;
  readonly minCopies?: number | undefined;
  readonly fresh?: boolean;
  readonly initStore?: boolean;
}

/** Refuses options that contradict each other. */
export function checkStoreOptions(options: StoreValues): void {
  if (options.store === undefined) {
    if (options.initStore) throw new UsageError('--init-store needs --store');
    return;
  }
  if ((options.recovery ?? 0) > 0) {
    throw new UsageError('--recovery must be 0 with --store: the database keeps the logs');
  }
  if (options.minCopies !== undefined) {
    throw new UsageError('--min-copies is not for --store: the database decides how many copies');
  }
  if (options.fresh) {
    throw new UsageError(
      '--fresh deletes nothing in a database: drop the schema there, or choose another --store-schema',
    );
  }
}

function checked<T>(option: Option<T>, check: (value: T, label: string) => void): Option<T> {
  return {
    ...option,
    read(given, label) {
      const value = option.read(given, label);
      check(value, label);
      return value;
    },
  };
}
