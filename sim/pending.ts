/** The work left before a healed store is at rest, in words. Reads only. */
import type { CatalogMachine } from '../src/catalog/machine/catalog-machine.js';
import type { AnyMember, Cluster } from './cluster.js';
import type { GroupName } from './world.js';

export function pendingWork(cluster: Cluster): string[] {
  const pending: string[] = [];
  const busy = cluster.guests.filter((customer) => customer.busy).length;
  if (busy > 0) pending.push(`${busy} customers wait`);
  for (const group of ['catalog', 'order'] as const) pendingOfGroup(cluster, group, pending);
  const held = (cluster.leader('catalog')?.machine as CatalogMachine | undefined)?.holds.open ?? 0;
  if (held > 0) pending.push(`${held} holds are open`);
  const lastSale = Math.max(...cluster.catalogs.map(({ machine }) => lastOf(machine)));
  for (const { name, machine } of cluster.orders) {
    const orders = lastOf(machine);
    if (orders !== lastSale) pending.push(`${name} has ${orders} of ${lastSale} orders`);
  }
  for (const [what, lastIn] of streams) {
    const made = Math.max(...cluster.catalogs.map(({ machine }) => lastIn(endsOf(machine))));
    for (const { name, machine } of cluster.orders) {
      const found = lastIn(endsOf(machine));
      if (found !== made) pending.push(`${name} has ${found} of ${made} ${what}`);
    }
  }
  for (const frontend of cluster.frontends) {
    const { leaders } = frontend;
    if (!leaders?.catalog || !leaders.order) pending.push(`${frontend.name} knows no leaders`);
  }
  const dead = deadLeases(cluster);
  if (dead > 0) pending.push(`${dead} dead processes are registered for leases`);
  return pending;
}

/** Dead processes that the next catalog leader would wait for. */
function deadLeases(cluster: Cluster): number {
  const machine = cluster.leader('catalog')?.machine as CatalogMachine | undefined;
  const alive = cluster.frontends.map(({ processId }) => processId);
  const registered = machine?.registered() ?? [];
  return registered.filter(([process]) => !alive.includes(process)).length;
}

function pendingOfGroup(cluster: Cluster, group: GroupName, pending: string[]): void {
  const leader = cluster.leader(group);
  const status = leader?.host?.status();
  if (!leader || !status?.serving) {
    pending.push(`the ${group} group has no serving leader`);
    return;
  }
  for (const member of cluster.group(group)) {
    const lag = lagOf(member, status.logEnd.seq);
    if (lag) pending.push(`${member.name} ${lag}`);
  }
}

function lagOf(member: AnyMember, end: number): string | undefined {
  const status = member.host?.status();
  if (!status) return 'is down';
  if (status.role === 'learner' || member.storage.impaired) return 'has no vote';
  if (status.logEnd.seq !== end) return `ends at ${status.logEnd.seq} of ${end}`;
  if (status.applied !== end) return `applied ${status.applied} of ${end}`;
  return undefined;
}

function lastOf(machine: unknown): number {
  const { lastOrder = 0, lastSale = lastOrder } = (machine ?? {}) as {
    lastOrder?: number;
    lastSale?: number;
  };
  return lastSale;
}

/** A machine of either group: the catalog's has the runs that it made, the order's what it has taken. */
interface Ends {
  readonly lastCancellation?: number;
  readonly cancellations?: { readonly last: number };
  readonly lastMovement?: number;
  readonly movements?: { readonly last: number };
}

const streams: readonly (readonly [what: string, lastIn: (machine: Ends) => number])[] = [
  [
    'cancellations',
    ({ lastCancellation, cancellations }) => lastCancellation ?? cancellations?.last ?? 0,
  ],
  ['movements', ({ lastMovement, movements }) => lastMovement ?? movements?.last ?? 0],
];

function endsOf(machine: unknown): Ends {
  return (machine ?? {}) as Ends;
}
