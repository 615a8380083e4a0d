/**
 * Who votes in a group (docs/PROTOCOL.md, 1): its replicas, and as many recovery servers, lowest
 * ids first, as keep the number of voters odd. Pure.
 */
import type { ClusterConfig, MemberAddresses } from '../base/config.js';
import { witnessCount } from '../base/voters.js';

export type GroupName = 'catalog' | 'order';

export interface Membership {
  readonly replicas: readonly MemberAddresses[];
  readonly witnesses: readonly MemberAddresses[];
}

export function membership(cluster: ClusterConfig, group: GroupName): Membership {
  const replicas = group === 'catalog' ? cluster.catalogs : cluster.orders;
  const count = witnessCount(replicas.length, cluster.recovery.length);
  return { replicas, witnesses: cluster.recovery.slice(0, count) };
}

/** The names of all voters, recovery servers last. */
export function votersOf(cluster: ClusterConfig, group: GroupName): string[] {
  const { replicas, witnesses } = membership(cluster, group);
  return [...replicas, ...witnesses].map(({ name }) => name);
}

/** The groups in which a recovery server votes. */
export function groupsOf(cluster: ClusterConfig, recovery: string): GroupName[] {
  return (['catalog', 'order'] as const).filter((group) =>
    membership(cluster, group).witnesses.some(({ name }) => name === recovery),
  );
}
