/**
 * Computes whether a store can open without some of its services. Each group needs a majority of
 * its voters, including one replica; customers need one frontend. Pure.
 */
import type { ClusterConfig } from '../../base/config.js';
import { groupNames, membership, votersOf } from '../../group/membership.js';

/** The reason why the store cannot open without the services in `lost`; undefined if it can. */
export function whyShut(
  cluster: ClusterConfig,
  frontends: readonly string[],
  lost: ReadonlySet<string>,
): string | undefined {
  for (const group of groupNames) {
    const voters = votersOf(cluster, group);
    const left = voters.filter((name) => !lost.has(name));
    if (2 * left.length <= voters.length) {
      return `the ${group} group has no majority: ${left.length} of ${voters.length} members are left`;
    }
  }
  return whyShutInDatabase(cluster, frontends, lost);
}

/** The same for a store in a database, which needs one replica of each group. */
export function whyShutInDatabase(
  cluster: ClusterConfig,
  frontends: readonly string[],
  lost: ReadonlySet<string>,
): string | undefined {
  for (const group of groupNames) {
    const { replicas } = membership(cluster, group);
    if (replicas.every(({ name }) => lost.has(name))) return `the ${group} group has no replica`;
  }
  return frontends.every((name) => lost.has(name)) ? 'no frontend is left' : undefined;
}
