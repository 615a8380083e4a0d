/**
 * The first step of a start over a database: checks the server, recognizes or creates the store, and
 * ties the data folder to it. Invariant: a schema is created only on request, and never migrated.
 */
import type { Clock } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import { systemRandom } from '../../base/random.js';
import { describeDatabase } from '../../database/connection-url.js';
import { initStore, readSchemaState, withSession } from '../../database/store-schema.js';
import { findClusterId, joinDatabaseCluster } from '../../storage/identity.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { checkDatabase } from './store-checks.js';
import { rowsOf, sessionOptions, storeFlags } from './target.js';

export interface ClaimOptions {
  readonly database: DatabaseConfig;
  readonly dataDir: string;
  readonly replicas: { readonly catalogs: number; readonly orders: number };
  /** Creates the store in an absent schema. */
  readonly init: boolean;
  readonly clock: Clock;
  warn(line: string): void;
}

export interface ClaimedStore {
  readonly clusterId: string;
  /** Its log has no entry yet. */
  readonly isNew: boolean;
}

/** Rejects with a line for each problem. */
export async function claimStore(options: ClaimOptions): Promise<ClaimedStore> {
  const { database, dataDir, init, clock } = options;
  const session = sessionOptions(database, clock);
  const { schema } = session;
  const disk = createNodeDisk();
  const clusterId = await findClusterId(disk, dataDir);
  const state = await withSession(session, (open) => readSchemaState(open, schema));
  if (state.kind === 'absent') {
    const place = `schema "${schema}" of ${describeDatabase(session.settings)} holds no store`;
    if (clusterId !== undefined) {
      const message = `${place}, but ${dataDir} is of the store ${clusterId}; correct --store or --data-dir`;
      throw new BazarError('conflict', message);
    }
    if (!init) {
      const message = `${place}; create it with: bazar store init ${storeFlags(database)}`;
      throw new BazarError('conflict', message);
    }
    await initStore(session, { clusterId: systemRandom.uuid(), founding: '{}' });
  }
  const found = await checkDatabase({ ...session, replicas: options.replicas });
  const problems = found.filter(({ verdict }) => verdict === 'problem');
  if (problems.length > 0) {
    const isConflict = problems.some(({ check }) => check === 'schema');
    const lines = problems.map(({ detail }) => detail).join('\n');
    throw new BazarError(isConflict ? 'conflict' : 'unavailable', lines);
  }
  for (const { verdict, detail } of found) if (verdict === 'doubt') options.warn(detail);
  const claimed = await withSession(session, async (open) => {
    const text = `SELECT cluster_id AS "clusterId", log_end_seq = 0 AND applied_seq = 0 AS "isNew"
      FROM store_meta, leaders, applied WHERE group_name = 'catalog'`;
    const [row] = await rowsOf<ClaimedStore>(open, 'cannot read the store', { text });
    return row;
  });
  if (claimed === undefined) throw new BazarError('unavailable', 'the store has no catalog row');
  await joinDatabaseCluster(disk, dataDir, claimed.clusterId);
  return claimed;
}
