/**
 * The connections between members that a scenario holds: messages sent meanwhile arrive in order once a
 * connection is released. Invariant: no connection is held twice, and all are released when the faults
 * end.
 */
import type { AnyMember } from './cluster.js';
import type { Network } from './network.js';
import type { Remedies } from './remedies.js';

const heldMaxMs = 3_000;

export class HeldLinks {
  readonly #network: Network;
  readonly #held = new Map<string, () => void>();

  constructor(network: Network, remedies: Remedies) {
    this.#network = network;
    remedies.undoIn(heldMaxMs, () => this.releaseAll());
  }

  hold(one: AnyMember, other: AnyMember): void {
    this.holdOneWay(one, other);
    this.holdOneWay(other, one);
  }

  holdOneWay({ name: from }: AnyMember, { name: to }: AnyMember): void {
    const key = `${from}>${to}`;
    if (from === to || this.#held.has(key)) return;
    this.#network.cut(from, to);
    this.#held.set(key, () => this.#network.heal(from, to));
  }

  /** In both directions. */
  release({ name: one }: AnyMember, { name: other }: AnyMember): void {
    for (const key of [`${one}>${other}`, `${other}>${one}`]) {
      const heal = this.#held.get(key);
      this.#held.delete(key);
      heal?.();
    }
  }

  releaseAll(): void {
    const all = [...this.#held.values()];
    this.#held.clear();
    for (const heal of all) heal();
  }
}
