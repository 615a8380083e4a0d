/**
 * Network faults: which processes cannot reach each other, for how long, and what happens to
 * connections.
 */
import type { AnyMember, Cluster } from './cluster.js';
import type { Reset } from './faults.js';
import type { Remedies } from './remedies.js';
import type { World } from './world.js';

/** The share of a hold after which the sender gives the connection up. */
const givenUpAfter = 0.1;
/** Which messages are lost: those sent to it, those it sends, or both. */
export type Way = 'in' | 'out' | 'both';

export interface CutOptions {
  readonly forMs: number;
  readonly reset: Reset;
}

export class Cuts {
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #remedies: Remedies;

  constructor(world: World, cluster: Cluster, remedies: Remedies) {
    this.#world = world;
    this.#cluster = cluster;
    this.#remedies = remedies;
  }

  isolate(name: string, way: Way, cut: CutOptions): void {
    this.#world.trace(() => `isolated: ${name}`);
    for (const other of this.#cluster.names) {
      if (other === name) continue;
      if (way !== 'in') this.#cutOne(name, other, cut);
      if (way !== 'out') this.#cutOne(other, name, cut);
    }
  }

  part(member: AnyMember | undefined, cut: CutOptions, way: Way = 'both'): void {
    if (!member) return;
    for (const { name } of this.#cluster.group(member.options.group)) {
      if (name === member.name) continue;
      if (way !== 'in') this.#cutOne(member.name, name, cut);
      if (way !== 'out') this.#cutOne(name, member.name, cut);
    }
  }

  /** No frontend reaches it; in one direction, only requests or only answers are lost. */
  unattend(name: string, cut: CutOptions, way: Way = 'both'): void {
    this.#world.trace(() => `unattended: ${name}`);
    for (const frontend of this.#cluster.frontends) {
      if (way !== 'in') this.#cutOne(name, frontend.name, cut);
      if (way !== 'out') this.#cutOne(frontend.name, name, cut);
    }
  }

  /** The target, a frontend and a few others on one side, all others on the other. */
  split(target: string, cut: CutOptions): void {
    const random = this.#world.random.faults;
    const frontends = this.#cluster.frontends.map(({ name }) => name);
    const nearFrontend = frontends[random.integer(frontends.length)];
    const near = this.#cluster.names.filter((name) => {
      if (frontends.includes(name)) return name === nearFrontend;
      return name === target || random.integer(5) === 0;
    });
    this.divide(near, cut);
  }

  /** These on one side, all others on the other. */
  divide(near: readonly string[], cut: CutOptions): void {
    this.#world.trace(() => `split off: ${near.join(' ')}`);
    for (const name of near) {
      for (const other of this.#cluster.names) {
        if (near.includes(other)) continue;
        this.#cutOne(name, other, cut);
        this.#cutOne(other, name, cut);
      }
    }
  }

  stall(name: string, forMs: number): void {
    const end = this.#world.network.stallOne(name);
    if (end) this.#remedies.undoIn(forMs, end);
  }

  /** Messages under way in one direction arrive late; the sender connects again meanwhile. */
  hold(
    from: string,
    to: string,
    { forMs, skipMs }: { readonly forMs: number; readonly skipMs: number },
  ): void {
    const { scheduler, network } = this.#world;
    for (const end of network.holdAll(from, to)) this.#remedies.undoIn(forMs + skipMs, end);
    // More is sent before the sender gives up.
    this.#remedies.injectIn(forMs * givenUpAfter, () => network.abandon(from, to));
    if (skipMs > 0) this.#remedies.injectIn(forMs / 2, () => scheduler.skip(skipMs));
  }

  cut(from: string, to: string, both: boolean, forMs: number): void {
    if (from === to) return;
    const cut = { forMs, reset: 'never' } as const;
    this.#cutOne(from, to, cut);
    if (both) this.#cutOne(to, from, cut);
  }

  #cutOne(from: string, to: string, { forMs, reset }: CutOptions): void {
    const { network } = this.#world;
    network.cut(from, to);
    if (reset === 'begin') network.reset(from, to);
    this.#remedies.undoIn(forMs, () => {
      if (reset === 'end') network.reset(from, to);
      network.heal(from, to);
    });
  }
}
