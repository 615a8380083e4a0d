/**
 * Which processes of frontends are registered for certain: the state machine knows what is applied,
 * the roll on whom the log has a word beyond (docs/PROTOCOL.md, R8). Invariant: a process is on the
 * roll only by an entry that is applied, for another may find no room, and that none takes back.
 */
import type { CatalogCommand } from '../../wire/internal.js';

/** Of a striking off that is not in the log yet. */
const deregistered = Number.POSITIVE_INFINITY;

/** The log's last word on a process. */
interface Word {
  readonly seq: number;
  /** It strikes the process off, and nobody can have lent to it since. */
  isGone: boolean;
}

export interface AppliedLeaseHolders {
  isRegistered(process: string): boolean;
  registered(): readonly (readonly [process: string, frontend: string])[];
}

export class PendingLeaseHolders {
  readonly #applied: AppliedLeaseHolders;
  /** Where the log has its last word on a process, if that is not applied yet. */
  readonly #words = new Map<string, Word>();
  #appliedSeq = 0;

  constructor(applied: AppliedLeaseHolders) {
    this.#applied = applied;
  }

  /** The replica begins or ends to lead. */
  clear(): void {
    this.#words.clear();
  }

  /** The log has this command at `seq`. What is told late changes nothing that is known better. */
  note(seq: number, command: CatalogCommand): void {
    const [kind, process] = command;
    if ((kind !== 'register' && kind !== 'deregister') || seq <= this.#appliedSeq) return;
    const known = this.#words.get(process)?.seq ?? 0;
    const isGone = kind === 'deregister';
    if (seq > known || (known === deregistered && isGone))
      this.#words.set(process, { seq, isGone });
  }

  /**
   * The log knows nothing of an epoch that may have had a leader: that one need not have known of a
   * striking off before, and may have lent to whoever it has for registered.
   */
  gap(): void {
    for (const word of this.#words.values()) word.isGone = false;
  }

  /** It is about to be struck off: from now on it must register again before it gets a lease. */
  deregister(process: string): void {
    this.#words.set(process, { seq: deregistered, isGone: false });
  }

  /** Its striking off was not logged. */
  keep(process: string): void {
    if (this.#words.get(process)?.seq === deregistered) this.#words.delete(process);
  }

  /** The log has a word on it that is not applied yet, or is about to. */
  isUndecided(process: string): boolean {
    return this.#words.has(process);
  }

  applied(seq: number): void {
    this.#appliedSeq = seq;
    for (const [process, word] of this.#words) if (word.seq <= seq) this.#words.delete(process);
  }

  has(process: string): boolean {
    return !this.#words.has(process) && this.#applied.isRegistered(process);
  }

  /** All to whom any former leader may have lent: better too many. */
  everybody(): Set<string> {
    const everybody = new Set(this.#applied.registered().map(([process]) => process));
    for (const [process, { isGone }] of this.#words) {
      if (isGone) everybody.delete(process);
      else everybody.add(process);
    }
    return everybody;
  }
}
