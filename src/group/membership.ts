/**
 * Who votes in a group (docs/PROTOCOL.md, 1): its replicas, and as many recovery servers, lowest
 * ids first, as keep the number of voters odd. Pure.
 */
import type { ClusterConfig, MemberAddresses } from '../base/config.js';

export type GroupName = 'catalog' | 'order';

export interface Membership {
  readonly replicas: readonly MemberAddresses[];
  readonly witnesses: readonly MemberAddresses[];
}

export function membership(cluster: ClusterConfig, group: GroupName): Membership {
  const replicas = group === 'catalog' ? cluster.catalogs : cluster.orders;
  return { replicas, witnesses: cluster.recovery.slice(0, witnessCount(cluster, replicas.length)) };
}

/** The groups in which a recovery server votes. */
export function groupsOf(cluster: ClusterConfig, recovery: string): GroupName[] {
  return (['catalog', 'order'] as const).filter((group) =>
    membership(cluster, group).witnesses.some(({ name }) => name === recovery),
  );
}

function witnessCount({ recovery }: ClusterConfig, replicas: number): number {
  const odd = (replicas + recovery.length) % 2 === 1;
  return odd ? recovery.length : Math.max(0, recovery.length - 1);
}
