/**
 * Tells which frontend processes are certainly registered. The state machine holds the applied
 * registrations; this class holds the log entries that are not applied yet (docs/PROTOCOL.md, R8).
 * Invariant: a process counts as registered only by an applied entry, because an unapplied
 * registration may be refused for lack of room, and only if no unapplied entry deregisters it.
 */
import type { CatalogCommand } from '../../wire/internal.js';

/** Seq of a deregister entry that is not in the log yet. */
const deregistered = Number.POSITIVE_INFINITY;

/** The last log entry that registers or deregisters a process. */
interface LastChange {
  readonly seq: number;
  /** True if the entry deregisters the process and no leader can have granted it a lease since. */
  isGone: boolean;
}

export interface AppliedLeaseHolders {
  isRegistered(process: string): boolean;
  registered(): readonly (readonly [process: string, frontend: string])[];
}

export class PendingLeaseHolders {
  readonly #applied: AppliedLeaseHolders;
  /** The last entry of each process that is not applied yet. */
  readonly #changes = new Map<string, LastChange>();
  #appliedSeq = 0;

  constructor(applied: AppliedLeaseHolders) {
    this.#applied = applied;
  }

  /** This replica begins or ceases to lead. */
  clear(): void {
    this.#changes.clear();
  }

  /** The log has this command at `seq`. A late call does not replace newer information. */
  note(seq: number, command: CatalogCommand): void {
    const [kind, process] = command;
    if ((kind !== 'register' && kind !== 'deregister') || seq <= this.#appliedSeq) return;
    const known = this.#changes.get(process)?.seq ?? 0;
    const isGone = kind === 'deregister';
    if (seq > known || (known === deregistered && isGone))
      this.#changes.set(process, { seq, isGone });
  }

  /**
   * The log lacks entries of an epoch that may have had a leader. That leader may not have seen a
   * deregister entry, and may have granted leases to the processes registered in its log.
   */
  gap(): void {
    for (const change of this.#changes.values()) change.isGone = false;
  }

  /**
   * Marks a process before its deregister entry is logged: it must register again for its next
   * lease.
   */
  deregister(process: string): void {
    this.#changes.set(process, { seq: deregistered, isGone: false });
  }

  /** The deregister entry was not logged. */
  keep(process: string): void {
    if (this.#changes.get(process)?.seq === deregistered) this.#changes.delete(process);
  }

  /** True if the process has an entry that is not applied yet, or one about to be logged. */
  isUndecided(process: string): boolean {
    return this.#changes.has(process);
  }

  applied(seq: number): void {
    this.#appliedSeq = seq;
    for (const [process, change] of this.#changes)
      if (change.seq <= seq) this.#changes.delete(process);
  }

  has(process: string): boolean {
    return !this.#changes.has(process) && this.#applied.isRegistered(process);
  }

  /** All processes to which a former leader may have granted a lease; may over-approximate. */
  everybody(): Set<string> {
    const everybody = new Set(this.#applied.registered().map(([process]) => process));
    for (const [process, { isGone }] of this.#changes) {
      if (isGone) everybody.delete(process);
      else everybody.add(process);
    }
    return everybody;
  }
}
