/**
 * Determines the voters of a group (docs/PROTOCOL.md, 1): its replicas, and as many recovery
 * servers, lowest ids first, as keep the number of voters odd. Pure.
 */
import type { ClusterConfig, MemberAddresses } from '../base/config.js';
import { recoveryServerCount } from '../base/voters.js';

export const groupNames = ['catalog', 'order'] as const;

export type GroupName = (typeof groupNames)[number];

export interface Membership {
  readonly replicas: readonly MemberAddresses[];
  readonly recoveryServers: readonly MemberAddresses[];
}

export function membership(cluster: ClusterConfig, group: GroupName): Membership {
  const replicas = group === 'catalog' ? cluster.catalogs : cluster.orders;
  const count = recoveryServerCount(replicas.length, cluster.recovery.length);
  return { replicas, recoveryServers: cluster.recovery.slice(0, count) };
}

/** The names of all voters, recovery servers last. */
export function votersOf(cluster: ClusterConfig, group: GroupName): string[] {
  const { replicas, recoveryServers } = membership(cluster, group);
  return [...replicas, ...recoveryServers].map(({ name }) => name);
}

/** The groups in which a recovery server votes. */
export function groupsOf(cluster: ClusterConfig, recovery: string): GroupName[] {
  return groupNames.filter((group) =>
    membership(cluster, group).recoveryServers.some(({ name }) => name === recovery),
  );
}

/** Warnings for the operator: groups with one voter, and recovery servers without a vote. */
export function votingWarnings(cluster: ClusterConfig): string[] {
  const warnings = groupNames.flatMap((group) => {
    const [only = '', ...others] = votersOf(cluster, group);
    return others.length > 0 ? [] : [onlyVoterWarning(only, group)];
  });
  const idle = cluster.recovery.filter(({ name }) => groupsOf(cluster, name).length === 0);
  return [...warnings, ...idle.map(({ name }) => idleWarning(name))];
}

export function onlyVoterWarning(name: string, group: GroupName): string {
  return `${name} is the only voter of the ${group} group: its disk holds the only copy of the log`;
}

export function idleWarning(name: string): string {
  return `${name} votes in no group: the voters of each group are odd without it`;
}
