/**
 * Sends the purchases of a session thread to the order leader in batches: while enough batches are
 * under way, further purchases gather, so batches grow with the load. The customers of an answered batch
 * often buy again at once, so the next batch waits a moment for as many purchases. Uses no socket.
 * Invariant: every call is answered once, and no purchase is sent after its deadline.
 */
import type { Clock, Timer } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import { logLimits, purchaseLimits } from '../../base/limits.js';
import { tooLateToSend } from '../../net/pending-calls.js';
import type { BuyFailure, BuyParams, Outcome } from '../../wire/internal.js';
import { joinHeaders, type RequestHeader } from '../../wire/request-header.js';
import type { TradeOutcome } from '../../wire/trade.js';

/** The longest wait for a full batch, as a share of the time that the last batch took. */
const gatherShare = 0.5;

export interface PurchaseBatchesOptions<Operation> {
  readonly clock: Clock;
  /** The lines for which an operation counts. */
  readonly linesOf: (operation: Operation) => number;
  /** Asks the order leader once; rejects when another leader is known. */
  readonly ask: (
    params: readonly Operation[],
    timeoutMs: number,
    header: RequestHeader | undefined,
  ) => Promise<unknown>;
}

export interface BatchedPurchase<Operation> {
  readonly purchase: Operation;
  /** Time until the purchase's deadline; nothing is sent after it (docs/PROTOCOL.md, A34). */
  readonly leftMs: () => number;
  readonly header: RequestHeader | undefined;
}

interface Gathered<Operation, Result> extends BatchedPurchase<Operation> {
  readonly resolve: (outcome: Result) => void;
  readonly reject: (error: BazarError) => void;
}

/** `Operation`: a purchase as it is sent. `Result`: its outcome. */
export class PurchaseBatches<Operation = BuyParams, Result extends TradeOutcome = Outcome> {
  readonly #options: PurchaseBatchesOptions<Operation>;
  #gathered: Gathered<Operation, Result>[] = [];
  #underWay = 0;
  #scheduled = false;
  /** After the answer of a batch: the purchases to expect if all its customers buy again. */
  #expected = 0;
  /** Until then the next batch waits for them. */
  #untilMs = Number.NEGATIVE_INFINITY;
  #waiting: Timer | undefined;

  constructor(options: PurchaseBatchesOptions<Operation>) {
    this.#options = options;
  }

  /** Rejects with a BazarError, whose detail `unknown` says whether the purchase may exist. */
  buy(bought: BatchedPurchase<Operation>): Promise<Result> {
    if (this.#gathered.length >= purchaseLimits.waitingMax) {
      return Promise.reject(new BazarError('overloaded', 'too many purchases wait'));
    }
    return new Promise((resolve, reject) => {
      const { purchase, leftMs, header } = bought;
      this.#gathered.push({ purchase, leftMs, header, resolve, reject });
      this.#sendLater();
    });
  }

  /** Everything that arrived in one turn travels together. */
  #sendLater(): void {
    if (this.#scheduled || this.#underWay >= purchaseLimits.batchesUnderWay) return;
    this.#scheduled = true;
    this.#options.clock.afterTurn(() => {
      this.#scheduled = false;
      if (this.#waitMs() > 0) {
        this.#waiting ??= this.#options.clock.after(this.#waitMs(), () => this.#sendAll());
      } else {
        this.#sendAll();
      }
    });
  }

  /** How long to wait for more purchases. */
  #waitMs(): number {
    if (this.#gathered.length >= this.#expected) return 0;
    return this.#untilMs - this.#options.clock.nowMs();
  }

  #sendAll(): void {
    this.#waiting?.cancel();
    this.#waiting = undefined;
    while (this.#gathered.length > 0 && this.#underWay < purchaseLimits.batchesUnderWay) {
      this.#send(this.#takeBatch());
    }
  }

  #takeBatch(): Gathered<Operation, Result>[] {
    let lines = 0;
    let count = 0;
    for (const { purchase } of this.#gathered) {
      lines += this.#options.linesOf(purchase);
      const isFull = count === logLimits.entryOperationsMax || lines > logLimits.entryLinesMax;
      if (isFull && count > 0) break;
      count++;
    }
    return this.#gathered.splice(0, count);
  }

  #send(gathered: readonly Gathered<Operation, Result>[]): void {
    const batch = gathered.filter(isInTime);
    if (batch.length === 0) return;
    this.#underWay++;
    const sentMs = this.#options.clock.nowMs();
    const timers = this.#deadlinesOf(batch);
    this.#ask(batch).then(
      (answer) => {
        for (const timer of timers) timer.cancel();
        this.#expect(batch.length, sentMs);
        this.#ended();
        settle(batch, answer as readonly (Result | BuyFailure)[]);
      },
      (error: unknown) => {
        for (const timer of timers) timer.cancel();
        this.#ended();
        for (const { reject } of batch) reject(toBazarError(error));
      },
    );
  }

  /** A purchase whose deadline comes first is answered then; its batch goes on. */
  #deadlinesOf(batch: readonly Gathered<Operation, Result>[]): readonly Timer[] {
    return batch.flatMap(({ leftMs, reject }) => {
      const ms = leftMs();
      if (ms >= purchaseLimits.batchTimeoutMs) return [];
      const late = new BazarError('deadline_exceeded', 'the purchase was not answered in time');
      return [this.#options.clock.after(ms, () => reject(late))];
    });
  }

  async #ask(batch: readonly Gathered<Operation, Result>[]): Promise<unknown> {
    const purchases = batch.map(({ purchase }) => purchase);
    const header = joinHeaders(batch.map((one) => one.header));
    return this.#options.ask(purchases, purchaseLimits.batchTimeoutMs, header);
  }

  /** A wait that is short beside a batch's own time saves more time than it takes. */
  #expect(answered: number, sentMs: number): void {
    const nowMs = this.#options.clock.nowMs();
    const tookMs = nowMs - sentMs;
    this.#expected = answered + this.#gathered.length;
    this.#untilMs = nowMs + Math.min(tookMs * gatherShare, purchaseLimits.batchGatherMs);
  }

  #ended(): void {
    this.#underWay--;
    if (this.#gathered.length > 0) this.#sendLater();
  }
}

function isInTime({
  leftMs,
  reject,
}: Pick<Gathered<unknown, unknown>, 'leftMs' | 'reject'>): boolean {
  if (leftMs() > 0) return true;
  reject(tooLateToSend('the time was up before the purchase was sent'));
  return false;
}

function settle<Operation, Result extends TradeOutcome>(
  batch: readonly Gathered<Operation, Result>[],
  answer: readonly (Result | BuyFailure)[],
): void {
  for (const [place, { resolve, reject }] of batch.entries()) {
    const one = answer[place];
    if (one === undefined) reject(new BazarError('internal', 'a purchase had no outcome'));
    else if (isFailure(one)) reject(failureOf(one));
    else resolve(one);
  }
}

function isFailure(one: TradeOutcome | BuyFailure): one is BuyFailure {
  return one[0] === 'failed';
}

function failureOf([, code, message, unknown]: BuyFailure): BazarError {
  return new BazarError(code, message, { details: unknown === null ? {} : { unknown } });
}
