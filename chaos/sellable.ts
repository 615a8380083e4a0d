/**
 * Whether a store can sell, from the state of its processes and links: a majority of each group is up,
 * has its votes, and is connected to itself, to one frontend and to the other group's majority. Pure.
 * Does not depend on the current leaders.
 */

export type GroupName = 'catalog' | 'order';

export interface View {
  readonly frontends: readonly string[];
  readonly voters: Readonly<Record<GroupName, readonly string[]>>;
  /** It runs, is not stopped, and has had time to start. */
  isUp(name: string): boolean;
  /** A voter that lost its folder has no vote until its group has admitted it again. */
  hasVote(name: string): boolean;
  /** All links between the two pass everything. */
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

/** The same over a database, which votes alone: one replica of each group that reaches it is enough. */
export function canSellOver(view: View, primary: string): boolean {
  const { isOpen, isUp } = view;
  const replicas = (group: GroupName, frontend: string): string[] =>
    view.voters[group].filter((name) => {
      return (
        isReplica(group, name) && isUp(name) && isOpen(name, primary) && isOpen(frontend, name)
      );
    });
  return view.frontends.filter(isUp).some((frontend) => {
    const orders = replicas('order', frontend);
    return replicas('catalog', frontend).some((one) => orders.some((other) => isOpen(one, other)));
  });
}

/** The subsets of these names that are a connected majority of the group, with a replica. */
function majorities(view: View, group: GroupName, names: readonly string[]): string[][] {
  const least = Math.floor(view.voters[group].length / 2) + 1;
  let sets: string[][] = [[]];
  for (const name of names) {
    const larger = sets.filter((set) => set.every((other) => view.isOpen(name, other)));
    sets = [...sets, ...larger.map((set) => [...set, name])];
  }
  return sets.filter((set) => set.length >= least && set.some((name) => isReplica(group, name)));
}

/** Every replica of one set reaches every replica of the other, so any of them may lead. */
function areConnected(view: View, catalogs: readonly string[], orders: readonly string[]): boolean {
  const sellers = catalogs.filter((name) => isReplica('catalog', name));
  const recorders = orders.filter((name) => isReplica('order', name));
  return recorders.every((name) => sellers.every((other) => view.isOpen(name, other)));
}

function isReplica(group: GroupName, name: string): boolean {
  return name.startsWith(group);
}
