/**
 * The orders as their service uses them. At most two messages to the catalog are in progress;
 * purchases that arrive meanwhile form the next one. A purchase is answered as sold when the order
 * with the sale's number is applied here. Orders are read from the journal. Uses no socket, thread
 * or file. Invariant: no purchase is answered as sold before its order is committed.
 */
import { BazarError } from '../base/errors.js';
import { logLimits, purchaseLimits } from '../base/limits.js';
import { NumberMap } from '../base/number-map.js';
import type { Entry } from '../consensus/types.js';
import type { Group, GroupStatus } from '../group/types.js';
import type { Outcome, Purchase } from '../wire/internal.js';
import { headerRequestsMax, type RequestHeader } from '../wire/request-header.js';
import type { OrderMachine, OrderResult } from './order-machine.js';
import type { Projection } from './projection.js';

/** Maximum of concurrent messages to the catalog. */
const sellsUnderWayMax = 2;

export type BuyReply = (error: BazarError | undefined, outcome?: Outcome) => void;

export interface Buy {
  readonly purchase: Purchase;
  readonly reply: BuyReply;
  /** Identifies the purchase in logs. */
  readonly header?: RequestHeader | undefined;
}

/** `epoch`: in which this replica led when the purchase arrived. */
interface Queued extends Buy {
  readonly epoch: number;
}

/** The catalog leader, as a seller. */
export interface Seller {
  /** The newest catalog log time that is known here. */
  readonly logTime: number;
  /** Returns the outcomes in the order of the purchases; rejects with a BazarError. */
  sell(
    orderEpoch: number,
    purchases: readonly Purchase[],
    header?: RequestHeader,
  ): Promise<readonly Outcome[]>;
}

export interface OrderStoreOptions {
  readonly group: Group<OrderResult>;
  readonly machine: OrderMachine;
  readonly catalogClient: Seller;
  readonly projection: Projection;
}

export class OrderStore {
  readonly #options: OrderStoreOptions;
  /** Replies that wait for an order to be applied, by number. */
  readonly #waiters = new NumberMap<BuyReply[]>();
  #waiting = 0;
  /** Purchases that wait because enough messages are in progress. */
  readonly #queue: Queued[] = [];
  #selling = 0;
  #answered: number;
  #ledEpoch: number | undefined;

  constructor(options: OrderStoreOptions) {
    this.#options = options;
    this.#answered = options.machine.lastOrder;
    options.group.onRole((status) => this.#roleChanged(status));
  }

  get machine(): OrderMachine {
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

  readBarrier(): Promise<number> {
    return this.#options.group.readBarrier();
  }

  propose(command: Uint8Array): Promise<{ readonly seq: number; readonly result: OrderResult }> {
    return this.#options.group.propose(command);
  }

  /** Resolves when the order of this number is applied here; rejects when the lead is lost. */
  reached(number: number): Promise<void> {
    if (number <= this.machine.lastOrder) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#wait(number, (error) => (error ? reject(error) : resolve()));
    });
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
   * the load.
   */
  #sendQueued(): void {
    while (this.#selling < sellsUnderWayMax && this.#queue.length > 0) {
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

  /** The purchases of the next message: as many as an entry may hold, by count and by lines. */
  #takeBatch(epoch: number): Queued[] {
    let lines = 0;
    let count = 0;
    for (const { purchase, epoch: taken } of this.#queue) {
      lines += purchase[3].length;
      const full = count === logLimits.entryOperationsMax || lines > logLimits.entryLinesMax;
      if (taken !== epoch || (full && count > 0)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** The group calls this for every entry that it applies. */
  applied(_entry: Entry, _result: OrderResult): void {
    const last = this.machine.lastOrder;
    if (this.#waiters.size === 0) {
      this.#answered = last;
      return;
    }
    while (this.#answered < last) {
      this.#answered++;
      const replies = this.#waiters.get(this.#answered);
      if (!replies) continue;
      this.#waiters.delete(this.#answered);
      for (const reply of replies) reply(undefined);
    }
  }

  #sendBatch(epoch: number, buys: readonly Buy[]): void {
    const { catalogClient } = this.#options;
    this.#waiting += buys.length;
    const purchases = buys.map(({ purchase }) => purchase);
    this.#selling++;
    catalogClient.sell(epoch, purchases, headerOf(buys)).then(
      (outcomes) => {
        this.#selling--;
        this.#sendQueued();
        for (const [index, buy] of buys.entries()) this.#settle(buy, outcomes[index]);
      },
      (error: BazarError) => {
        this.#selling--;
        for (const { reply } of buys) this.#answer(reply, error);
        this.#sendQueued();
      },
    );
  }

  #settle({ reply }: Buy, outcome: Outcome | undefined): void {
    if (outcome === undefined) {
      this.#answer(reply, new BazarError('internal', 'a purchase had no outcome'));
    } else if (outcome[0] !== 'sold' || outcome[1] <= this.machine.lastOrder) {
      this.#answer(reply, undefined, outcome);
    } else if (!this.status().serving) {
      this.#answer(reply, unknownOutcome());
    } else {
      this.#wait(outcome[1], (error) => this.#answer(reply, error, outcome));
    }
  }

  #wait(number: number, waiter: BuyReply): void {
    const others = this.#waiters.get(number);
    if (others) others.push(waiter);
    else this.#waiters.set(number, [waiter]);
  }

  #answer(reply: BuyReply, error: BazarError | undefined, outcome?: Outcome): void {
    this.#waiting--;
    reply(error, outcome);
  }

  #roleChanged(status: GroupStatus): void {
    const epoch = status.serving ? status.epoch : undefined;
    if (epoch === this.#ledEpoch) return;
    this.#ledEpoch = epoch;
    if (epoch !== undefined) {
      this.#options.projection.startProjection(epoch);
      return;
    }
    this.#options.projection.resign();
    for (const { reply } of this.#queue.splice(0)) reply(notLeading(status.leader));
    const waiters = this.#waiters.values().flat();
    this.#waiters.clear();
    for (const waiter of waiters) waiter(unknownOutcome());
  }
}

/** The headers of the purchases, up to a maximum; undefined if none has one. */
function headerOf(buys: readonly Buy[]): RequestHeader | undefined {
  const requests: RequestHeader[] = [];
  for (const { header } of buys) {
    if (header && requests.length < headerRequestsMax) requests.push(header);
  }
  return requests.length === 0 ? undefined : { requests };
}

function notLeading(leader: string | undefined): BazarError {
  return new BazarError('unavailable', 'this order service does not lead', { details: { leader } });
}

/** The sale may exist: retrying with the same key returns its outcome. */
function unknownOutcome(): BazarError {
  return new BazarError('unavailable', 'the order leader changed', { details: { unknown: true } });
}
