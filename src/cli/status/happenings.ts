/**
 * Describes in sentences the changes between two statuses of a store: new leaders, lost members,
 * returned members. Keeps only the newest. It misses changes that are undone between two statuses.
 */
import type { MemberStatus, StoreStatus } from '../../frontend/types.js';

const keptMax = 200;

export interface Happening {
  /** Wall-clock time, for display. */
  readonly wallMs: number;
  readonly text: string;
}

export class Happenings {
  readonly #kept: Happening[] = [];
  #before: StoreStatus | undefined;
  #isReached = true;

  /** In order of time, the newest last. */
  get newest(): readonly Happening[] {
    return this.#kept;
  }

  saw(store: StoreStatus, wallMs: number): void {
    if (!this.#isReached) this.#keep(wallMs, 'the frontend answers again');
    this.#isReached = true;
    const before = this.#before;
    this.#before = store;
    if (!before) return;
    for (const group of ['catalog', 'order'] as const) {
      const [was, is] = [leader(before, group), leader(store, group)];
      if (was === is) continue;
      this.#keep(
        wallMs,
        is === undefined ? `${group}: no leader` : `${group}: ${is} is the leader`,
      );
    }
    for (const member of store.members) {
      const was = before.members.find(({ name, group }) => same(member, { name, group }));
      if (was && was.role !== member.role) this.#roleChanged(was, member, wallMs);
    }
    this.#frontendsChanged(before, store, wallMs);
  }

  failed(message: string, wallMs: number): void {
    if (this.#isReached) this.#keep(wallMs, message);
    this.#isReached = false;
  }

  #frontendsChanged(before: StoreStatus, store: StoreStatus, wallMs: number): void {
    const [was, is] = [stateOfFrontends(before), stateOfFrontends(store)];
    for (const [name, state] of is) {
      const earlier = was.get(name);
      if (earlier === state) continue;
      if (state === 'down') this.#keep(wallMs, `${name} is not reachable`);
      else this.#keep(wallMs, `${name} is ${earlier === 'down' ? 'back' : 'up'}`);
    }
    for (const name of was.keys()) {
      if (!is.has(name)) this.#keep(wallMs, `${name} was stopped`);
    }
  }

  #roleChanged(was: MemberStatus, is: MemberStatus, wallMs: number): void {
    if (is.role === 'down') this.#keep(wallMs, `${is.name} is gone`);
    else if (was.role === 'down') this.#keep(wallMs, `${is.name} is back as a ${is.role}`);
    else if (was.role === 'learner') this.#keep(wallMs, `${is.name} has caught up and votes`);
  }

  #keep(wallMs: number, text: string): void {
    this.#kept.push({ wallMs, text });
    if (this.#kept.length > keptMax) this.#kept.shift();
  }
}

/** A frontend of an older build reports no state; it counts as up, because it answered. */
function stateOfFrontends({ frontends }: StoreStatus): Map<string, 'up' | 'down'> {
  const states = new Map<string, 'up' | 'down'>();
  for (const { name, state = 'up' } of frontends) {
    if (states.get(name) !== 'up') states.set(name, state);
  }
  return states;
}

function leader({ members }: StoreStatus, group: string): string | undefined {
  return members.find((one) => one.group === group && one.role === 'leader')?.name;
}

function same(a: MemberStatus, b: { readonly name: string; readonly group: string }): boolean {
  return a.name === b.name && a.group === b.group;
}
