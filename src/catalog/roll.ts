/**
 * Which processes of frontends are registered, as the leader's log will have it: the state machine
 * knows what is applied, the roll what the log says beyond (docs/PROTOCOL.md, R8). Invariant: a
 * process is on the roll only by an entry that is committed and that no later one takes back.
 */
import type { CatalogCommand } from '../wire/internal.js';

interface Word {
  readonly seq: number;
  readonly isRegistered: boolean;
}

export interface AppliedRoll {
  isRegistered(process: string): boolean;
  registered(): readonly (readonly [process: string, frontend: string])[];
}

export class Roll {
  readonly #applied: AppliedRoll;
  /** The last word of the log on a process that is not applied yet. */
  readonly #words = new Map<string, Word>();

  constructor(applied: AppliedRoll) {
    this.#applied = applied;
  }

  /** The replica begins or ends to lead. */
  clear(): void {
    this.#words.clear();
  }

  /** The log has this command at `seq`, not applied yet. */
  note(seq: number, command: CatalogCommand): void {
    const [kind, process] = command;
    if (kind === 'register') this.#words.set(process, { seq, isRegistered: true });
    else if (kind === 'deregister') this.#words.set(process, { seq, isRegistered: false });
  }

  /** It is about to be struck off: from now on it must register again before it gets a lease. */
  strike(process: string): void {
    this.#words.set(process, { seq: Number.POSITIVE_INFINITY, isRegistered: false });
  }

  /** Its striking off was not logged. */
  keep(process: string): void {
    if (this.#words.get(process)?.seq === Number.POSITIVE_INFINITY) this.#words.delete(process);
  }

  /** The log has a word on it that is not applied yet, or is about to. */
  isUndecided(process: string): boolean {
    return this.#words.has(process);
  }

  applied(seq: number): void {
    for (const [process, word] of this.#words) if (word.seq <= seq) this.#words.delete(process);
  }

  /** By a committed entry. */
  has(process: string, commit: number): boolean {
    const word = this.#words.get(process);
    if (word) return word.isRegistered && word.seq <= commit;
    return this.#applied.isRegistered(process);
  }

  /** An entry must be logged before it can be on the roll. */
  lacks(process: string): boolean {
    const word = this.#words.get(process);
    return word ? !word.isRegistered : !this.#applied.isRegistered(process);
  }

  /** All to whom any former leader may have lent: better too many. */
  everybody(): Set<string> {
    return new Set([
      ...this.#applied.registered().map(([process]) => process),
      ...this.#words.keys(),
    ]);
  }
}
