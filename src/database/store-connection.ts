/** The connection of a service to its store's database. */
import type { Clock } from '../base/clock.js';
import type { DatabaseConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import { parseDatabaseUrl } from './connection-url.js';
import type { DatabaseOptions } from './session-keeper.js';
import { checkSchema, readSchemaState, withSession } from './store-schema.js';

export interface StoreConnection extends DatabaseOptions {
  readonly clusterId: string;
}

/**
 * Reads which store the schema holds; later sessions refuse another one. Rejects with `unavailable`, or
 * with `conflict` if the schema does not fit this build.
 */
export async function connectStore(
  { url, env, schema }: DatabaseConfig,
  clock: Clock,
  logger: Logger,
): Promise<StoreConnection> {
  const settings = parseDatabaseUrl(url, env);
  const { clusterId } = await withSession({ settings, schema, clock }, async (session) =>
    checkSchema(await readSchemaState(session, schema), schema, undefined),
  );
  return { settings, schema, clusterId, clock, logger };
}
