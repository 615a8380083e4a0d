/**
 * The catalog as its service sees it: one replica's state machine behind its group. Proposes
 * commands with their invalidations, answers reads at a read position, feeds the tails. Knows no
 * socket, thread or file. Invariant: an answer to a write leaves after the write is visible.
 */
import type { Clock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { logLimits } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type { Applied, Group, GroupStatus } from '../../group/types.js';
import { encode } from '../../wire/codec.js';
import type { CatalogCommand, NewProduct, Outcome, Purchase } from '../../wire/internal.js';
import { Leases } from '../coherence/leases.js';
import { Pushes } from '../coherence/pushes.js';
import { VisibilityGates } from '../coherence/visibility-gates.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import { restsOnState, type WriteSet, withPending } from '../machine/write-set.js';
import { SalesStream } from '../sales/sales-stream.js';
import { ChangeFeed } from './change-feed.js';

export interface CatalogStoreOptions {
  readonly group: Group<CatalogResult>;
  readonly machine: CatalogMachine;
  readonly clock: Clock;
  /** Has every replica of the group said that it knows the bound of totals? Asked before each entry. */
  readonly boundsTotals: () => boolean;
}

export class CatalogStore {
  readonly gates: VisibilityGates;
  readonly leases: Leases;
  readonly salesStream: SalesStream;
  readonly changes: ChangeFeed;
  readonly #pushes: Pushes;
  readonly #group: Group<CatalogResult>;
  readonly #machine: CatalogMachine;
  readonly #clock: Clock;
  readonly #boundsTotals: () => boolean;
  readonly #servingListeners: (() => void)[] = [];
  /** Of the lead; 0: another leads. */
  #leadEpoch = 0;
  #serving = false;

  constructor(options: CatalogStoreOptions) {
    const { clock, machine, group } = options;
    this.#group = group;
    this.#machine = machine;
    this.#clock = clock;
    this.#boundsTotals = options.boundsTotals;
    this.gates = new VisibilityGates({ clock, open: (seq) => group.openGates(seq) });
    const propose = (command: CatalogCommand) => this.propose(command);
    this.leases = new Leases({ group, machine, gates: this.gates, propose });
    this.#pushes = new Pushes({
      clock,
      gates: this.gates,
      record: (id) => machine.byId(id),
      appliedSeq: () => machine.appliedSeq,
    });
    this.salesStream = new SalesStream(machine);
    this.changes = new ChangeFeed({ clock, record: (id) => machine.byId(id) });
    this.#group.onRole((status) => this.#roleChanged(status));
  }

  get machine(): CatalogMachine {
    return this.#machine;
  }

  status(): GroupStatus {
    return this.#group.status();
  }

  /** Resolves when everything committed before the call is applied here (R9). */
  readBarrier(): Promise<number> {
    return this.#group.readBarrier();
  }

  /** Resolves when a majority has vouched, since the call, that this replica leads (A15). */
  async confirmLead(): Promise<void> {
    await this.#group.confirmLead();
  }

  /** Decides purchases in one entry; outcomes in their order. */
  async sell(orderEpoch: number, purchases: readonly Purchase[]): Promise<readonly Outcome[]> {
    const lines = purchases.reduce((sum, [, , , of]) => sum + of.length, 0);
    const { entryOperationsMax, entryLinesMax } = logLimits;
    if (purchases.length > entryOperationsMax || lines > entryLinesMax) {
      throw new BazarError('too_large', 'too many purchases in one message');
    }
    if (this.status().serving && !this.#machine.isStocked) {
      throw new BazarError('unavailable', 'the first stock is not in yet');
    }
    const at = Math.floor(this.#clock.wallMs());
    const bounds = this.#machine.boundsTotals || this.#boundsTotals();
    if (!bounds && purchases.some((purchase) => this.#machine.mayBeTooLarge(purchase))) {
      return this.#sellFitting(orderEpoch, purchases);
    }
    const command: CatalogCommand = bounds
      ? ['sell', orderEpoch, at, purchases, true]
      : ['sell', orderEpoch, at, purchases];
    const result = await this.propose(command);
    if (result.kind !== 'sell') throw new BazarError('internal', 'a sale had another result');
    return result.outcomes;
  }

  /**
   * Leaves out the purchases whose total may be too large. Current prices do not tell: a change of
   * price may come before the purchase in the log. Nothing is stored under the keys of these.
   */
  async #sellFitting(
    orderEpoch: number,
    purchases: readonly Purchase[],
  ): Promise<readonly Outcome[]> {
    const fits = (purchase: Purchase): boolean => !this.#machine.mayBeTooLarge(purchase);
    const fitting = purchases.filter(fits);
    const refused: Outcome = ['stale'];
    const sold = fitting.length === 0 ? [] : await this.sell(orderEpoch, fitting);
    const kept = new Map(fitting.map((purchase, place) => [purchase, sold[place] ?? refused]));
    return purchases.map((purchase) => kept.get(purchase) ?? refused);
  }

  /**
   * The first stock of a new cluster, of `total` products; does nothing where there has been one.
   * `part` gives the products from a place on, as many as fit an entry.
   */
  async stock(total: number, part: (from: number) => readonly NewProduct[]): Promise<void> {
    while (!this.#machine.isStocked) {
      // Another leader may have begun with it.
      const from = this.#machine.stockedSoFar;
      await this.propose(['stock', part(from), from, total]);
    }
  }

  /** Appends a command and resolves with what it came to, once that is visible. */
  async propose(command: CatalogCommand): Promise<CatalogResult> {
    return (await this.proposeAt(command)).result;
  }

  /** The same, with the entry's place in the log. */
  async proposeAt(command: CatalogCommand): Promise<Applied<CatalogResult>> {
    // What it touches rests on what the log before it comes to, which is not known before.
    if (restsOnState.has(command[0]) && !this.status().serving) {
      throw new BazarError('unavailable', 'this replica does not serve');
    }
    return this.#group.propose(encode(command), (seq) => {
      this.leases.appended(seq, command);
      // At append, not before: the names that it resolves may have changed since.
      this.gates.appended(seq, this.#writeSet(command));
    });
  }

  /** Calls back each time this replica begins to serve as leader; at once where it does already. */
  onServing(callback: () => void): void {
    this.#servingListeners.push(callback);
    if (this.status().serving) callback();
  }

  /** Called by the group for every entry that it applies, before the proposer hears of it. */
  applied(entry: Entry, result: CatalogResult): void {
    this.gates.applied(entry.seq);
    this.leases.applied(entry.seq);
    this.#pushes.applied();
    if (result.kind === 'sell' && result.sales) this.salesStream.applied(result.sales);
    this.changes.applied(result);
  }

  #writeSet(command: CatalogCommand): WriteSet {
    return withPending(command, this.#machine.writeSet(command), () => this.gates.pending());
  }

  #roleChanged(status: GroupStatus): void {
    const leadEpoch = status.role === 'leader' ? status.epoch : 0;
    if (leadEpoch !== this.#leadEpoch) {
      this.#leadEpoch = leadEpoch;
      if (leadEpoch > 0) this.leases.lead(status);
      else this.leases.resign();
    }
    const began = status.serving && !this.#serving;
    this.#serving = status.serving;
    if (began) for (const callback of this.#servingListeners) callback();
  }
}
