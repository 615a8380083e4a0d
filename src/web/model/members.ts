/** The services of a status by group, as the operations view shows them. Pure. */
import type { GroupName, Member, Status } from './shapes.js';

export interface Tile extends Member {
  /** Log entries that it does not have yet; undefined if unknown. */
  readonly lag: number | undefined;
}

export interface Group {
  readonly name: GroupName;
  readonly leader: Tile | undefined;
  readonly tiles: readonly Tile[];
}

export function groupsOf(status: Status): Group[] {
  return (['catalog', 'order'] as const).map((name) => {
    const members = status.members.filter((one) => one.group === name);
    const end = Math.max(0, ...members.map((one) => one.log_end));
    const tiles = members.map((one): Tile => {
      return { ...one, lag: one.role === 'down' ? undefined : end - one.log_end };
    });
    return { name, tiles, leader: tiles.find((one) => one.role === 'leader') };
  });
}

/** The names of all services, including frontends, and of those that are down; each once. */
export function servicesOf({ members, frontends }: Status): { names: string[]; down: string[] } {
  const all = [
    ...members.map(({ name, role }) => ({ name, isDown: role === 'down' })),
    ...frontends.map(({ name, state }) => ({ name, isDown: state === 'down' })),
  ];
  const down = all.filter(({ isDown }) => isDown).map(({ name }) => name);
  return { names: [...new Set(all.map(({ name }) => name))], down: [...new Set(down)] };
}
