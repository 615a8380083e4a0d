/**
 * The catalog as its service uses it: one replica's state machine and its group. Proposes commands
 * with their invalidations, answers reads at a read position, and feeds the sales stream. Uses no
 * socket, thread or file. Invariant: the answer to a write is sent after the write is visible.
 */
import type { Clock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { logLimits, purchaseLimits } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type { Applied, Group, GroupStatus } from '../../group/types.js';
import { encode } from '../../wire/codec.js';
import type { CatalogCommand, NewProduct, Outcome, Purchase } from '../../wire/internal.js';
import type { TradeOperation, TradeOutcome } from '../../wire/trade.js';
import { Leases } from '../coherence/leases.js';
import { Pushes } from '../coherence/pushes.js';
import { VisibilityGates } from '../coherence/visibility-gates.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import { withTime } from '../machine/command-time.js';
import type { ReadonlyRuns } from '../machine/numbered-runs.js';
import { restsOnState, type WriteSet, withUndecided } from '../machine/write-set.js';
import { NumberedStream, type StreamSource } from '../streams/numbered-stream.js';
import { ChangeFeed } from './change-feed.js';
import { requireRules } from './require-rules.js';
import { entriesOf } from './trade-entries.js';

export interface CatalogStoreOptions {
  readonly group: Group<CatalogResult>;
  readonly machine: CatalogMachine;
  readonly clock: Clock;
  /** True if every replica of the group supports the bound of totals. Called before each entry. */
  readonly boundsTotals: () => boolean;
}

export class CatalogStore {
  readonly gates: VisibilityGates;
  readonly leases: Leases;
  readonly salesStream: NumberedStream;
  readonly cancellationStream: NumberedStream;
  readonly movementStream: NumberedStream;
  readonly changes: ChangeFeed;
  readonly #pushes: Pushes;
  readonly #group: Group<CatalogResult>;
  readonly #machine: CatalogMachine;
  readonly #clock: Clock;
  readonly #boundsTotals: () => boolean;
  readonly #servingListeners: (() => void)[] = [];
  /** Epoch in which this replica leads, or 0. */
  #leadEpoch = 0;
  #serving = false;
  /** Number of the last movement that the stream knows. */
  #lastMovement = 0;

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
    this.salesStream = new NumberedStream(
      sourceOf(() => machine.sales),
      clock,
    );
    this.cancellationStream = new NumberedStream(
      sourceOf(() => machine.cancellations),
      clock,
    );
    const gathering = {
      ms: purchaseLimits.movementsGatherMs,
      max: purchaseLimits.movementsGathered,
    };
    this.movementStream = new NumberedStream(
      sourceOf(() => machine.movements),
      clock,
      gathering,
    );
    this.changes = new ChangeFeed({ clock, record: (id) => machine.byId(id) });
    this.#group.onRole((status) => this.#roleChanged(status));
  }

  get machine(): CatalogMachine {
    return this.#machine;
  }

  status(): GroupStatus {
    return this.#group.status();
  }

  /** Resolves when all entries committed before the call are applied here (R9). */
  readBarrier(): Promise<number> {
    return this.#group.readBarrier();
  }

  /** Resolves when a majority has confirmed, since the call, that this replica leads (A15). */
  async confirmLead(): Promise<void> {
    await this.#group.confirmLead();
  }

  /**
   * Proposes purchases in one entry. Resolves to the outcomes, in the order of the purchases, when
   * the state machine has decided them at apply.
   */
  async proposePurchases(
    orderEpoch: number,
    purchases: readonly Purchase[],
  ): Promise<readonly Outcome[]> {
    const lines = purchases.reduce((sum, [, , , of]) => sum + of.length, 0);
    const { entryOperationsMax, entryLinesMax } = logLimits;
    if (purchases.length > entryOperationsMax || lines > entryLinesMax) {
      throw new BazarError('too_large', 'too many purchases in one message');
    }
    this.#requireStock();
    const at = Math.floor(this.#clock.wallMs());
    const bounds = this.#machine.boundsTotals || this.#boundsTotals();
    if (!bounds && purchases.some((purchase) => this.#machine.mayBeTooLarge(purchase))) {
      return this.#decideFitting(orderEpoch, purchases);
    }
    const command: CatalogCommand = bounds
      ? ['sell', orderEpoch, at, purchases, true]
      : ['sell', orderEpoch, at, purchases];
    const result = await this.propose(command);
    if (result.kind !== 'sell') throw new BazarError('internal', 'a sale had another result');
    return result.outcomes;
  }

  /**
   * Proposes trade operations, in as many entries as their lines need. Resolves to the outcomes, in
   * the order of the operations.
   */
  async proposeTrades(
    orderEpoch: number,
    operations: readonly TradeOperation[],
  ): Promise<readonly TradeOutcome[]> {
    if (operations.length > logLimits.entryOperationsMax) {
      throw new BazarError('too_large', 'too many operations in one message');
    }
    this.#requireStock();
    const entries = entriesOf(operations, this.#machine.holds);
    const outcomes = entries.map((some) => this.#proposeTrade(orderEpoch, some));
    return (await Promise.all(outcomes)).flat();
  }

  /** A refusal for want of a product would be stored under the key. */
  #requireStock(): void {
    if (!this.status().serving || this.#machine.isStocked) return;
    throw new BazarError('unavailable', 'the first stock is not in yet');
  }

  async #proposeTrade(
    orderEpoch: number,
    operations: readonly TradeOperation[],
  ): Promise<readonly TradeOutcome[]> {
    requireRules(this, 3, 'a hold, a cancellation or a purchase with terms');
    const at = Math.floor(this.#clock.wallMs());
    const result = await this.propose(['trade', orderEpoch, at, operations]);
    if (result.kind !== 'trade') throw new BazarError('internal', 'a trade had another result');
    return result.outcomes;
  }

  /**
   * Refuses the purchases whose total may be too large, and stores nothing under their keys. The
   * current price does not suffice for this check: a price change may precede the purchase in the
   * log.
   */
  async #decideFitting(
    orderEpoch: number,
    purchases: readonly Purchase[],
  ): Promise<readonly Outcome[]> {
    const fits = (purchase: Purchase): boolean => !this.#machine.mayBeTooLarge(purchase);
    const fitting = purchases.filter(fits);
    const refused: Outcome = ['stale'];
    const sold = fitting.length === 0 ? [] : await this.proposePurchases(orderEpoch, fitting);
    const kept = new Map(fitting.map((purchase, place) => [purchase, sold[place] ?? refused]));
    return purchases.map((purchase) => kept.get(purchase) ?? refused);
  }

  /**
   * Logs the first stock of `total` products; does nothing if it was logged before. `part` returns
   * the products from an index on, as many as fit an entry.
   */
  async stock(total: number, part: (from: number) => readonly NewProduct[]): Promise<void> {
    while (!this.#machine.isStocked) {
      // Another leader may have logged a part of it.
      const from = this.#machine.stockedSoFar;
      await this.propose(['stock', part(from), from, total]);
    }
  }

  /** Appends a command and resolves to its result once the entry is visible. */
  async propose(command: CatalogCommand): Promise<CatalogResult> {
    return (await this.proposeAt(command)).result;
  }

  /** As `propose`, with the entry's log position. */
  async proposeAt(command: CatalogCommand): Promise<Applied<CatalogResult>> {
    // The write set depends on earlier log entries, whose result is unknown before this replica
    // serves.
    if (restsOnState.has(command[0]) && !this.status().serving) {
      throw new BazarError('unavailable', 'this replica does not serve');
    }
    // Older rules ignore the time; an entry behind undecided rules 4 needs it.
    const timed = withTime(command, Math.floor(this.#clock.wallMs()));
    return this.#group.propose(encode(timed), (seq) => {
      this.leases.appended(seq, command);
      // Computed at append: the meaning of names may have changed since the proposal.
      this.gates.appended(seq, this.#writeSet(command));
    });
  }

  /**
   * Calls back each time this replica begins to serve as leader, and at once if it already serves.
   */
  onServing(callback: () => void): void {
    this.#servingListeners.push(callback);
    if (this.status().serving) callback();
  }

  /** The group calls this for every entry that it applies, before the proposer gets the result. */
  applied(entry: Entry, result: CatalogResult): void {
    this.gates.applied(entry.seq);
    this.leases.applied(entry.seq);
    this.#pushes.applied();
    const isSale = result.kind === 'sell' || result.kind === 'trade';
    if (isSale && result.sales) this.salesStream.applied(result.sales[1]);
    if (result.kind === 'trade' && result.cancellations) {
      this.cancellationStream.applied(result.cancellations[1]);
    }
    const { last } = this.#machine.movements;
    if (last > this.#lastMovement) this.movementStream.applied(last - this.#lastMovement);
    this.#lastMovement = last;
    this.changes.applied(result);
  }

  #writeSet(command: CatalogCommand): WriteSet {
    return withUndecided(command, this.#machine.writeSet(command), () => this.gates.undecided());
  }

  #roleChanged(status: GroupStatus): void {
    const leadEpoch = status.role === 'leader' ? status.epoch : 0;
    if (leadEpoch !== this.#leadEpoch) {
      this.#leadEpoch = leadEpoch;
      if (leadEpoch > 0) this.leases.startLeading(status);
      else this.leases.resign();
    }
    const began = status.serving && !this.#serving;
    this.#serving = status.serving;
    if (began) for (const callback of this.#servingListeners) callback();
  }
}

/** A restore replaces the runs of the machine. */
function sourceOf(runs: () => ReadonlyRuns): StreamSource {
  return {
    from: (number, max) => runs().from(number, max),
    get watermark() {
      return runs().watermark;
    },
  };
}
