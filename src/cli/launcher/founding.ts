/**
 * Makes a store's folders and tokens at its first start; does nothing on a folder that has them.
 */
import type { ClusterConfig } from '../../base/config.js';
import { systemRandom } from '../../base/random.js';
import { ensureToken } from './tokens.js';

export interface Tokens {
  readonly adminToken: string;
  readonly clusterToken: string;
}

export interface Founded extends Tokens {
  readonly clusterId: string;
  readonly members: readonly string[];
}

/**
 * Only this function creates founding members. A member that loses its folder later returns as a
 * learner [A8].
 */
export async function found(cluster: ClusterConfig, dataDir: string): Promise<Founded> {
  const { formatCluster } = await import('../../storage/identity.js');
  const { createNodeDisk } = await import('../../storage/node-disk.js');
  const { catalogs, orders, recovery } = cluster;
  const members = [...catalogs, ...orders, ...recovery].map(({ name }) => name);
  const clusterId = await formatCluster(createNodeDisk(), dataDir, {
    members,
    random: systemRandom,
  });
  return { clusterId, members, ...ensureTokens(dataDir) };
}

export function ensureTokens(dataDir: string): Tokens {
  return {
    adminToken: ensureToken(dataDir, 'admin', systemRandom),
    clusterToken: ensureToken(dataDir, 'cluster', systemRandom),
  };
}
