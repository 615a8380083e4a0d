/**
 * What customers and administrators were told about holds, cancellations, adjustments and purchase limits.
 * Reports at once what cannot be: a hold with two ends, a number that is given twice, more units for a
 * customer than the limit. The books are compared with it at the end (trade-books.ts).
 */
import type { LineWanted } from '../src/checker/types.js';
import type { Answer, Cancelled, Product } from '../test/e2e/raw-client.js';

/** An answer may come so late after the end of a hold. */
const keptMs = 60_000;

export interface TradeHold {
  readonly id: string;
  readonly lines: readonly LineWanted[];
  readonly customer: string;
  /** It does not end by itself before this time. */
  endsMs: number;
  /** As an answer showed it; for a confirmation with its order. */
  end: 'confirmed' | 'released' | 'expired' | undefined;
  order: number | undefined;
}

/** A decided request, to be repeated under its key. */
export interface Repeatable {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What every answer must repeat. */
  readonly outcome: string;
  readonly isForAdmin: boolean;
}

interface TradeAnswer {
  readonly order_number?: number;
  readonly cancellation_number?: number;
  readonly hold_id?: string;
  readonly expires_at?: string;
  readonly total?: number;
  readonly delta?: number;
  readonly version?: number;
}

/** What a repeat under the same key must repeat. A hold shows its present end. */
export function outcomeOf(method: string, { error, result }: Answer<unknown>): string {
  if (error) return error.code;
  const { expires_at: end, ...told } = result as TradeAnswer;
  const { order_number, cancellation_number, hold_id, total, delta, version } = told;
  const fixed = { order_number, cancellation_number, hold_id, total, delta, version };
  return JSON.stringify(method === 'extend_hold' ? { ...fixed, end } : fixed);
}

/** Products that are held, cancelled with restock and adjusted; others are only bought. */
export function isTraded({ topic }: Product): boolean {
  return topic === 'trade';
}

/** Units that a customer's limit counts for sure, until this time. */
interface Use {
  readonly customer: string;
  readonly id: number;
  quantity: number;
  untilMs: number;
  /** The hold, or the order. */
  readonly source: string;
}

export class TradeLedger {
  readonly holds = new Map<string, TradeHold>();
  /** By number. */
  readonly cancellations = new Map<number, Cancelled>();
  /** The customers of orders that were bought under a name. */
  readonly customers = new Map<number, string>();
  /** Units by product that adjustments added or took away. */
  readonly adjusted = new Map<number, number>();
  readonly repeatable: Repeatable[] = [];
  /** Operations with an unknown outcome, by kind. */
  readonly unknown: string[] = [];
  /** How many operations were decided in which way. */
  readonly counts = new Map<string, number>();
  readonly #limits: ReadonlyMap<number, NonNullable<Product['purchase_limit']>>;
  readonly #report: (problem: string) => void;
  #uses: Use[] = [];

  constructor(products: readonly Product[], report: (problem: string) => void) {
    this.#report = report;
    this.#limits = new Map(
      products.flatMap(({ id, purchase_limit: limit }) => (limit ? [[id, limit]] : [])),
    );
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** @param invokedMs when it was asked for, so no use of a window ends before. */
  opened(hold: TradeHold, invokedMs: number, nowMs: number): void {
    this.count('holds opened');
    if (this.holds.has(hold.id)) this.#report(`hold ${hold.id} was opened twice`);
    this.holds.set(hold.id, hold);
    this.#use(hold.id, hold, invokedMs, hold.endsMs, nowMs);
  }

  extended(id: string, endsMs: number): void {
    this.count('holds extended');
    const hold = this.holds.get(id);
    if (!hold) return;
    hold.endsMs = Math.max(hold.endsMs, endsMs);
    for (const use of this.#uses) {
      const isOpen = use.source === id && this.#limits.get(use.id)?.window_seconds === null;
      if (isOpen) use.untilMs = hold.endsMs;
    }
  }

  /** An answer shows how the hold ended. */
  ended(id: string, end: NonNullable<TradeHold['end']>, nowMs: number, order?: number): void {
    const hold = this.holds.get(id);
    if (!hold) return;
    this.count(order === undefined ? `holds seen ${end}` : 'holds confirmed');
    if (hold.end !== undefined && hold.end !== end) {
      this.#report(`hold ${id} was ${hold.end}, and then ${end}`);
    }
    if (hold.order !== undefined && order !== undefined && hold.order !== order) {
      this.#report(`hold ${id} became order ${hold.order}, and then ${order}`);
    }
    if (end === 'expired' && nowMs < hold.endsMs) {
      this.#report(`hold ${id} expired ${(hold.endsMs - nowMs).toFixed(0)} ms before its end`);
    }
    hold.end = end;
    hold.order ??= order;
  }

  /** A purchase by a customer was acknowledged; `source` is its order. */
  bought(
    order: number,
    one: Pick<TradeHold, 'customer' | 'lines'>,
    invokedMs: number,
    nowMs: number,
  ) {
    this.count('purchases with a customer');
    this.customers.set(order, one.customer);
    this.#use(`order ${order}`, one, invokedMs, Number.POSITIVE_INFINITY, nowMs);
  }

  /** A request is sent that may give units back: `left` units of the product stay, at most. */
  mayGiveBack(source: string, left: (id: number, quantity: number) => number): void {
    for (const use of this.#uses) {
      if (use.source === source) use.quantity = Math.max(0, left(use.id, use.quantity));
    }
  }

  /** The order of a confirmed hold counts what the hold counted. */
  confirmedAs(id: string, order: number): void {
    this.customers.set(order, this.holds.get(id)?.customer ?? '');
    for (const use of this.#uses.filter(({ source }) => source === id)) {
      const limit = this.#limits.get(use.id);
      const untilMs = limit?.window_seconds === null ? Number.POSITIVE_INFINITY : use.untilMs;
      this.#uses.push({ ...use, untilMs, source: `order ${order}` });
      use.quantity = 0;
    }
  }

  cancelled(cancelled: Cancelled): void {
    const { cancellation_number: number } = cancelled;
    this.count('cancellations');
    if (this.cancellations.has(number)) this.#report(`cancellation ${number} was given twice`);
    this.cancellations.set(number, cancelled);
  }

  adjusts(id: number, delta: number): void {
    this.count('adjustments');
    this.adjusted.set(id, (this.adjusted.get(id) ?? 0) + delta);
  }

  #use(
    source: string,
    { customer, lines }: Pick<TradeHold, 'customer' | 'lines'>,
    invokedMs: number,
    untilMs: number,
    nowMs: number,
  ): void {
    this.#uses = this.#uses.filter((one) => one.quantity > 0 && one.untilMs > nowMs - keptMs);
    for (const { id, quantity } of lines) {
      const limit = this.#limits.get(id);
      if (!limit) continue;
      const windowMs =
        limit.window_seconds === null ? Number.POSITIVE_INFINITY : limit.window_seconds * 1_000;
      const use = { customer, id, quantity, source };
      this.#uses.push({ ...use, untilMs: Math.min(untilMs, invokedMs + windowMs) });
      const counted = this.#uses
        .filter((one) => one.customer === customer && one.id === id && one.untilMs > nowMs)
        .reduce((sum, one) => sum + one.quantity, 0);
      if (counted <= limit.quantity) continue;
      this.#report(
        `${customer} has ${counted} units of product ${id}, and the limit is ${limit.quantity}`,
      );
    }
  }
}
