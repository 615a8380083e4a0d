/**
 * Whether a store can sell, from what is known of its processes and lines alone: a majority of each
 * group is up, has its votes and is connected to itself, to one frontend and to the other group's
 * majority. Pure. Knows nothing of who leads.
 */
import type { GroupName } from './fleet.js';

export interface View {
  readonly frontends: readonly string[];
  readonly voters: Readonly<Record<GroupName, readonly string[]>>;
  /** It runs, is not stopped, and had the time to start. */
  isUp(name: string): boolean;
  /** A voter that lost its folder has no vote until its group has taken it back. */
  hasVote(name: string): boolean;
  /** All lines between the two let everything through. */
  isOpen(one: string, other: string): boolean;
}

export function canSell(view: View): boolean {
  return view.frontends.filter(view.isUp).some((frontend) => {
    const reached = (names: readonly string[]): string[] =>
      names.filter((name) => {
        return view.isUp(name) && view.hasVote(name) && view.isOpen(frontend, name);
      });
    const catalogs = majorities(view, 'catalog', reached(view.voters.catalog));
    const orders = majorities(view, 'order', reached(view.voters.order));
    return catalogs.some((some) => orders.some((others) => areConnected(view, some, others)));
  });
}

/** The sets of these that are a majority of the group, connected to itself, with a replica in it. */
function majorities(view: View, group: GroupName, names: readonly string[]): string[][] {
  const least = Math.floor(view.voters[group].length / 2) + 1;
  let sets: string[][] = [[]];
  for (const name of names) {
    const larger = sets.filter((set) => set.every((other) => view.isOpen(name, other)));
    sets = [...sets, ...larger.map((set) => [...set, name])];
  }
  return sets.filter((set) => set.length >= least && set.some((name) => isReplica(group, name)));
}

/** Whichever replica of the one leads reaches whichever replica of the other leads. */
function areConnected(view: View, catalogs: readonly string[], orders: readonly string[]): boolean {
  const sellers = catalogs.filter((name) => isReplica('catalog', name));
  const recorders = orders.filter((name) => isReplica('order', name));
  return recorders.every((name) => sellers.every((other) => view.isOpen(name, other)));
}

function isReplica(group: GroupName, name: string): boolean {
  return name.startsWith(group);
}
