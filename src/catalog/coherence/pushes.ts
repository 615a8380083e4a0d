/**
 * Pushes new records to the caches that held the old ones, so that the next readers after a
 * purchase need no request (docs/PROTOCOL.md, R8). Sends one message a turn, with each record once
 * no undecided entry touches it. A pushed product is granted again. Invariant: at the position of a
 * push its records are the newest, and every later change invalidates them after the push.
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

  /** An entry was applied: the records that it decided can be pushed. */
  applied(): void {
    if (this.#scheduled || this.#options.gates.grants.owed.size === 0) return;
    this.#scheduled = true;
    this.#options.clock.afterTurn(() => {
      this.#scheduled = false;
      this.#push();
    });
  }

  #push(): void {
    const { gates, record, appliedSeq } = this.#options;
    const records: ProductRecord[] = [];
    for (const [id, left] of gates.grants.owed) {
      if (records.length === leaseLimits.pushRecordsMax) break;
      if (!gates.isCacheable(id, undefined)) continue;
      const found = record(id);
      // As for a grant: a pending purchase by name may hit the product.
      if (found && !gates.isCacheable(id, found[1])) continue;
      if (found) records.push(found);
      if (found) gates.grants.pushed(id, left);
      else gates.grants.owed.delete(id);
    }
    if (records.length === 0) return;
    gates.sessions.push(appliedSeq(), records);
    if (records.length === leaseLimits.pushRecordsMax) this.applied();
  }
}
