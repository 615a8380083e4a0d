/**
 * The orders as their service uses them. At most two messages to the catalog are in progress;
 * purchases that arrive meanwhile form the next one. A purchase is answered with the outcome that the
 * catalog has committed; its order follows in the sales stream. A read waits until this replica has all that
 * a customer may know of and that the read may show: sales, and cancellations or movements of stock. Uses no
 * socket, thread or file. Invariant: what was answered is never read as absent (docs/PROTOCOL.md, R9, A42).
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { logLimits, purchaseLimits } from '../base/limits.js';
import type { Entry } from '../consensus/types.js';
import type { Group, GroupStatus } from '../group/types.js';
import type { Outcome, Purchase } from '../wire/internal.js';
import { joinHeaders, type RequestHeader } from '../wire/request-header.js';
import type { TradeOperation, TradeOutcome } from '../wire/trade.js';
import { linesOf } from '../wire/trade-check.js';
import {
  type BookEnds,
  type BookNumbers,
  type BookPosition,
  rulesOfCancellations,
} from './book-position.js';
import { BookReads } from './book-reads.js';
import { notLeading, unknownOutcome } from './order-failures.js';
import type { OrderResult } from './order-machine.js';
import type { Projection } from './projection.js';

/** Maximum of concurrent messages to the catalog. */
const sellsUnderWayMax = 2;

export type BuyReply = (error: BazarError | undefined, outcome?: TradeOutcome) => void;

export interface Buy {
  readonly purchase: Purchase | TradeOperation;
  readonly reply: BuyReply;
  /** Identifies the purchase in logs. */
  readonly header?: RequestHeader | undefined;
}

interface Queued extends Buy {
  /** In which this replica led when the purchase arrived. */
  readonly epoch: number;
}

/** The version of the rules from which on sales are answered before they are orders. */
const rulesOfEarlyAnswers = 2;

/** The catalog, as a seller. */
export interface Seller {
  /** The newest catalog log time that is known here. */
  readonly logTime: number;
  /** Returns the outcomes in the order of the purchases; rejects with a BazarError. */
  sell(
    orderEpoch: number,
    purchases: readonly Purchase[],
    header?: RequestHeader,
  ): Promise<readonly Outcome[]>;
  /** As `sell`, for trade operations. */
  trade(
    orderEpoch: number,
    operations: readonly TradeOperation[],
    header?: RequestHeader,
  ): Promise<readonly TradeOutcome[]>;
  /**
   * The numbers of the last sale, cancellation and movement that any customer may know of, or later ones.
   * `wanted`: the caller waits for those from these numbers on, if there are any.
   */
  lastSale(wanted: BookNumbers): Promise<BookNumbers>;
}

export interface OrderStoreOptions {
  readonly clock: Clock;
  readonly group: Group<OrderResult>;
  readonly machine: BookPosition;
  readonly catalogClient: Seller;
  /** Absent: the catalog writes the orders. */
  readonly projection?: Projection | undefined;
  /** The store waits until the book has these. Then `advanced` must be called. */
  readonly awaited?: ((wanted: Partial<BookEnds>) => void) | undefined;
  /**
   * False if the catalog group has one voter and the order group more: a sale is then safe only as an
   * order.
   */
  readonly salesAreSafe: boolean;
}

export class OrderStore {
  readonly #options: OrderStoreOptions;
  readonly #reads: BookReads;
  /** Purchases in messages to the catalog, or whose order is awaited. */
  #waiting = 0;
  /** Number of the newest sale that this replica has made since it leads. */
  #lastSale = 0;
  /** Purchases that wait because enough messages are in progress. */
  readonly #queue: Queued[] = [];
  #selling = 0;
  #ledEpoch: number | undefined;

  constructor(options: OrderStoreOptions) {
    this.#options = options;
    const { clock, machine, catalogClient, group, awaited } = options;
    this.#reads = new BookReads({
      ...{ clock, machine, awaited },
      lastSale: (wanted) => catalogClient.lastSale(wanted),
      answersAtSale: () => this.answersAtSale,
      cancels: () => this.cancels,
      readBarrier: () => group.readBarrier(),
    });
    options.group.onRole((status) => this.#roleChanged(status));
  }

  get machine(): BookPosition {
    return this.#options.machine;
  }

  /** The newest catalog log time that is known here. */
  get logTime(): number {
    return this.#options.catalogClient.logTime;
  }

  get waiting(): number {
    return this.#waiting;
  }

  status(): GroupStatus {
    return this.#options.group.status();
  }

  /** Whether a customer gets the answer when the catalog has committed the sale. */
  get answersAtSale(): boolean {
    return this.#options.salesAreSafe && this.machine.rules >= rulesOfEarlyAnswers;
  }

  /** Sales that this replica knows and that are not in its book. */
  get unprojected(): number {
    return Math.max(0, this.#lastSale - this.machine.lastOrder);
  }

  /** Whether the rules here have cancellations. */
  get cancels(): boolean {
    return this.machine.rules >= rulesOfCancellations;
  }

  /**
   * Resolves when every sale and cancellation that any customer may know of is in the book here (R9).
   * Rejects with `unavailable` if there is no such read position in time.
   */
  caughtUp(): Promise<void> {
    return this.#reads.caughtUp();
  }

  /** Resolves when order `number` is applied here, or when there is no such sale. */
  caughtUpTo(number: number): Promise<void> {
    return this.#reads.caughtUpTo(number);
  }

  /** As `caughtUpTo`, and every cancellation that any customer may know of is applied here. */
  caughtUpWithCancellations(number: number): Promise<void> {
    return this.#reads.caughtUpWithCancellations(number);
  }

  /** Resolves when every movement of stock that any customer may know of is applied here. */
  caughtUpWithMovements(): Promise<void> {
    return this.#reads.caughtUpWithMovements();
  }

  propose(command: Uint8Array): Promise<{ readonly seq: number; readonly result: OrderResult }> {
    return this.#options.group.propose(command);
  }

  /** Resolves when the order of this number is applied here; rejects with `unavailable`. */
  reached(number: number): Promise<void> {
    return this.#reads.reached(number);
  }

  /** Rejects with `unavailable` if this replica cannot take cancellations. */
  async mayCancel(): Promise<void> {
    const { serving, leader } = this.status();
    if (!serving) throw notLeading(leader);
    if (this.cancels) return;
    throw new BazarError('unavailable', 'not all replicas run a build that supports cancellations');
  }

  /** Resolves when the cancellation is applied here; rejects with `unavailable`. */
  cancellationReached(number: number): Promise<void> {
    return this.#reads.cancellationReached(number);
  }

  /** Resolves when the movement of stock is applied here; rejects with `unavailable`. */
  movementReached(number: number): Promise<void> {
    return this.#reads.movementReached(number);
  }

  /** Takes all purchases that arrived in one turn. */
  buy(buys: readonly Buy[]): void {
    const { leader, serving, epoch } = this.status();
    if (!serving) {
      for (const { reply } of buys) reply(notLeading(leader));
      return;
    }
    const room = Math.max(0, purchaseLimits.waitingMax - this.#waiting - this.#queue.length);
    for (const { reply } of buys.slice(room)) {
      reply(new BazarError('overloaded', 'too many purchases are under way'));
    }
    for (const { purchase, reply, header } of buys.slice(0, room)) {
      this.#queue.push({ purchase, reply, header, epoch });
    }
    this.#sendQueued();
  }

  /**
   * Purchases that arrive while the catalog decides form the next message, so messages grow with
   * the load. All wait while the book is far behind the sales.
   */
  #sendQueued(): void {
    while (this.#selling < sellsUnderWayMax && this.#queue.length > 0) {
      if (this.unprojected > purchaseLimits.unprojectedHeld && this.answersAtSale) return;
      const { serving, epoch, leader } = this.status();
      const first = this.#queue[0];
      if (serving && first?.epoch === epoch) {
        this.#sendBatch(epoch, this.#takeBatch(epoch));
        continue;
      }
      // Taken under a lead that has ended, so it may not be sold under another.
      this.#queue.shift()?.reply(notLeading(leader));
    }
  }

  /**
   * The purchases of the next message: as many as an entry may hold, by count and by lines. All are
   * plain purchases, or all are trade operations, as the first one is.
   */
  #takeBatch(epoch: number): Queued[] {
    const [first] = this.#queue;
    const ofTrade = first !== undefined && isTrade(first.purchase);
    const batch: Queued[] = [];
    const others: Queued[] = [];
    let lines = 0;
    let at = 0;
    for (const queued of this.#queue) {
      const { purchase, epoch: taken } = queued;
      const isOther = isTrade(purchase) !== ofTrade;
      if (!isOther) lines += linesIn(purchase);
      const isFull =
        batch.length === logLimits.entryOperationsMax || lines > logLimits.entryLinesMax;
      if (taken !== epoch || (isFull && batch.length > 0)) break;
      (isOther ? others : batch).push(queued);
      at++;
    }
    this.#queue.splice(0, at, ...others);
    return batch;
  }

  /** The group calls this for every entry that it applies. */
  applied(_entry: Entry, result: OrderResult): void {
    this.#reads.advance();
    if (result.kind === 'rules') this.#options.projection?.rulesChanged();
    const isAwaited = result.kind === 'orders' || result.kind === 'cancellations';
    // Reads at the other replicas wait for these orders.
    if (isAwaited && this.answersAtSale) this.#options.group.announceVisible();
    this.#sendQueued();
  }

  /** More orders are in a book that another service writes. */
  advanced(): void {
    this.#reads.advance();
    this.#sendQueued();
  }

  #sendBatch(epoch: number, buys: readonly Buy[]): void {
    this.#waiting += buys.length;
    this.#selling++;
    this.#ask(epoch, buys).then(
      (outcomes) => {
        this.#selling--;
        for (const [index, buy] of buys.entries()) this.#settle(buy, outcomes[index]);
        this.#sendQueued();
      },
      (error: BazarError) => {
        this.#selling--;
        for (const { reply } of buys) this.#answer(reply, error);
        this.#sendQueued();
      },
    );
  }

  #ask(epoch: number, buys: readonly Buy[]): Promise<readonly TradeOutcome[]> {
    const { catalogClient } = this.#options;
    const header = joinHeaders(buys.map((one) => one.header));
    const wanted = buys.map(({ purchase }) => purchase);
    const trades = wanted.filter(isTrade);
    if (trades.length > 0) return catalogClient.trade(epoch, trades, header);
    return catalogClient.sell(epoch, wanted.filter(isPurchase), header);
  }

  #settle({ reply }: Buy, outcome: TradeOutcome | undefined): void {
    if (outcome === undefined) {
      this.#answer(reply, new BazarError('internal', 'a purchase had no outcome'));
    } else if (outcome[0] !== 'sold' || outcome[1] <= this.machine.lastOrder) {
      this.#answer(reply, undefined, outcome);
    } else if (this.answersAtSale) {
      this.#lastSale = Math.max(this.#lastSale, outcome[1]);
      const isFar = this.unprojected > purchaseLimits.unprojectedHeld / 2;
      if (isFar) this.#options.awaited?.({ lastOrder: outcome[1] });
      this.#answer(reply, undefined, outcome);
    } else if (!this.status().serving) {
      this.#answer(reply, unknownOutcome());
    } else {
      this.#reads.orders.add(outcome[1], (error) => this.#answer(reply, error, outcome));
    }
  }

  #answer(reply: BuyReply, error: BazarError | undefined, outcome?: TradeOutcome): void {
    this.#waiting--;
    reply(error, outcome);
  }

  #roleChanged(status: GroupStatus): void {
    const epoch = status.serving ? status.epoch : undefined;
    if (epoch === this.#ledEpoch) return;
    this.#ledEpoch = epoch;
    if (epoch !== undefined) {
      this.#options.projection?.startProjection(epoch);
      return;
    }
    this.#options.projection?.resign();
    for (const { reply } of this.#queue.splice(0)) reply(notLeading(status.leader));
    this.#lastSale = 0;
    this.#reads.orders.fail(unknownOutcome());
  }
}

function isTrade(purchase: Purchase | TradeOperation): purchase is TradeOperation {
  return typeof purchase[0] === 'string';
}

function isPurchase(purchase: Purchase | TradeOperation): purchase is Purchase {
  return !isTrade(purchase);
}

function linesIn(purchase: Purchase | TradeOperation): number {
  return isTrade(purchase) ? linesOf(purchase) : purchase[3].length;
}

/** False if one lost disk can lose a committed sale, but not a committed order (A43). */
export function salesAreSafe(catalogVoters: number, orderVoters: number): boolean {
  return catalogVoters > 1 || orderVoters === 1;
}
