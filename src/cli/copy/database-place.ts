/** The connection to the schema of a copy or a rebuild. */
import { waitingClock } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { silentLogger } from '../../base/logging.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { sessionOptions } from '../store/target.js';

export function databaseOptions(database: DatabaseConfig): DatabaseOptions {
  const session = sessionOptions(database, waitingClock);
  return { ...session, clusterId: undefined, logger: silentLogger };
}
