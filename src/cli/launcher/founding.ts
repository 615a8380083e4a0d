/** Makes a store's folders and tokens, once in its life; on a folder that has them it does nothing. */
import type { ClusterConfig } from '../../base/config.js';
import { systemRandom } from '../../base/random.js';
import { ensureToken } from './tokens.js';

export interface Founded {
  readonly clusterId: string;
  readonly members: readonly string[];
  readonly adminToken: string;
  readonly clusterToken: string;
}

/** Births happen here alone: a folder that is lost later comes back as a learner's [A8]. */
export async function found(cluster: ClusterConfig, dataDir: string): Promise<Founded> {
  const { formatCluster } = await import('../../storage/identity.js');
  const { createNodeDisk } = await import('../../storage/node-disk.js');
  const { catalogs, orders, recovery } = cluster;
  const members = [...catalogs, ...orders, ...recovery].map(({ name }) => name);
  const clusterId = await formatCluster(createNodeDisk(), dataDir, {
    members,
    random: systemRandom,
  });
  return {
    clusterId,
    members,
    adminToken: ensureToken(dataDir, 'admin', systemRandom),
    clusterToken: ensureToken(dataDir, 'cluster', systemRandom),
  };
}
