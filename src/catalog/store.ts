/**
 * The catalog as its service sees it: one replica's state machine behind its group. Proposes
 * commands with their invalidations, answers reads at a read position, feeds the tails. Knows no
 * socket, thread or file. Invariant: an answer to a write leaves after the write is visible.
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { logLimits } from '../base/limits.js';
import type { Entry } from '../consensus/types.js';
import type { Applied, Group, GroupStatus } from '../group/types.js';
import { encode } from '../wire/codec.js';
import type { CatalogCommand, NewProduct, Outcome, Purchase } from '../wire/internal.js';
import type { CatalogMachine, CatalogResult } from './catalog-machine.js';
import { ChangeFeed } from './change-feed.js';
import { Gates, type Touches } from './gates.js';
import { SalesTails } from './tails.js';
import { withPending } from './touches.js';

export interface CatalogStoreOptions {
  readonly group: Group<CatalogResult>;
  readonly machine: CatalogMachine;
  readonly clock: Clock;
}

export class CatalogStore {
  readonly gates: Gates;
  readonly tails: SalesTails;
  readonly changes: ChangeFeed;
  readonly #group: Group<CatalogResult>;
  readonly #machine: CatalogMachine;
  readonly #clock: Clock;
  readonly #servingListeners: (() => void)[] = [];
  #leading = false;
  #serving = false;

  constructor(options: CatalogStoreOptions) {
    this.#group = options.group;
    this.#machine = options.machine;
    this.#clock = options.clock;
    this.gates = new Gates({ open: (seq) => this.#group.openGates(seq) });
    this.tails = new SalesTails(options.machine);
    const { clock, machine } = options;
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
    const result = await this.propose(['sell', orderEpoch, at, purchases]);
    if (result.kind !== 'sell') throw new BazarError('internal', 'a sale had another result');
    return result.outcomes;
  }

  /** The first stock of a new cluster; does nothing where there has been one. */
  async stock(products: readonly NewProduct[]): Promise<void> {
    await this.propose(['stock', products]);
  }

  /** Appends a command and resolves with what it came to, once that is visible. */
  async propose(command: CatalogCommand): Promise<CatalogResult> {
    return (await this.proposeAt(command)).result;
  }

  /** The same, with the entry's place in the log. */
  proposeAt(command: CatalogCommand): Promise<Applied<CatalogResult>> {
    return this.#group.propose(encode(command), (seq) =>
      // At append, not before: the names that it resolves may have changed since.
      this.gates.appended(seq, this.#touches(command)),
    );
  }

  /** Calls back each time this replica begins to serve as leader; at once where it does already. */
  onServing(callback: () => void): void {
    this.#servingListeners.push(callback);
    if (this.status().serving) callback();
  }

  /** Called by the group for every entry that it applies, before the proposer hears of it. */
  applied(entry: Entry, result: CatalogResult): void {
    this.gates.applied(entry.seq);
    if (result.kind === 'sell' && result.sales) this.tails.applied(result.sales);
    this.changes.applied(result);
  }

  #touches(command: CatalogCommand): Touches {
    return withPending(command, this.#machine.touches(command), () => this.gates.pending());
  }

  #roleChanged(status: GroupStatus): void {
    if (status.role === 'leader' && !this.#leading) this.gates.lead(status.logEnd.seq);
    if (status.role !== 'leader' && this.#leading) this.gates.resign();
    this.#leading = status.role === 'leader';
    const began = status.serving && !this.#serving;
    this.#serving = status.serving;
    if (began) for (const callback of this.#servingListeners) callback();
  }
}
