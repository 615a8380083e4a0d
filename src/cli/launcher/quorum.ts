/**
 * Whether a store can open without some of its services: each group needs a majority of its voters,
 * one replica among them, and customers need one frontend. Pure.
 */
import type { ClusterConfig } from '../../base/config.js';
import { groupNames, membership, votersOf } from '../../group/membership.js';

/** Why the store cannot open without the services in `lost`; undefined where it can. */
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
    const { replicas } = membership(cluster, group);
    if (replicas.every(({ name }) => lost.has(name))) return `the ${group} group has no replica`;
  }
  return frontends.every((name) => lost.has(name)) ? 'no frontend is left' : undefined;
}
