/**
 * New records for the caches that held the old ones, so that a purchase costs the next readers
 * nothing (docs/PROTOCOL.md, R8): all of a turn together, each when no undecided entry touches it
 * any more. A product that is pushed counts as lent again. Invariant: at the position that a push
 * tells, its records are the newest, and whatever changes them invalidates them after it.
 */
import type { Clock } from '../../base/clock.js';
import { leaseLimits } from '../../base/limits.js';
import type { ProductRecord } from '../../wire/internal.js';
import type { VisibilityGates } from './visibility-gates.js';

export interface PushesOptions {
  readonly clock: Clock;
  readonly gates: VisibilityGates;
  readonly record: (id: number) => ProductRecord | undefined;
  readonly appliedSeq: () => number;
}

export class Pushes {
  readonly #options: PushesOptions;
  #scheduled = false;

  constructor(options: PushesOptions) {
    this.#options = options;
  }

  /** An entry was applied: what it has decided can be told. */
  applied(): void {
    if (this.#scheduled || this.#options.gates.lent.owed.size === 0) return;
    this.#scheduled = true;
    this.#options.clock.afterTurn(() => {
      this.#scheduled = false;
      this.#push();
    });
  }

  #push(): void {
    const { gates, record, appliedSeq } = this.#options;
    const records: ProductRecord[] = [];
    for (const [id, left] of gates.lent.owed) {
      if (records.length === leaseLimits.pushRecordsMax) break;
      if (!gates.isCacheable(id, undefined)) continue;
      const found = record(id);
      // As at a lending: a pending purchase by name may hit it.
      if (found && !gates.isCacheable(id, found[1])) continue;
      if (found) records.push(found);
      if (found) gates.lent.pushed(id, left);
      else gates.lent.owed.delete(id);
    }
    if (records.length === 0) return;
    gates.sessions.push(appliedSeq(), records);
    if (records.length === leaseLimits.pushRecordsMax) this.applied();
  }
}
