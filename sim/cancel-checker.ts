/**
 * Checks the cancellations (docs/STOCK.md, C1 to C6): their numbers have no gaps, an order is cancelled at
 * most as it was bought, the order group has exactly what the catalog decided, and no read shows less than
 * was answered before its question. Shares no code with the store.
 */
import { decode } from '../src/wire/codec.js';
import type { OrderCommand, Sale, SalesMessage } from '../src/wire/internal.js';
import type { Cancellation } from '../src/wire/trade.js';

export interface KnownCancellation {
  readonly record: Cancellation;
  readonly seq: number;
}

/** What an answer says about an order. */
interface OrderShown {
  readonly number: number;
  readonly status: 'placed' | 'partly_cancelled' | 'cancelled';
  readonly lines: readonly { readonly id: number; readonly cancelled?: number }[];
}

interface CancellationShown {
  readonly cancellation_number: number;
  readonly order_number: number;
  readonly lines: readonly { readonly id: number; readonly quantity: number }[];
  readonly status: OrderShown['status'];
}

export class CancelChecker {
  /** Number n is at n − 1. */
  readonly all: KnownCancellation[] = [];
  /** Cancellations that any order replica has applied. */
  projected = 0;
  /** Answers about cancelled orders. */
  reads = 0;
  readonly #report: (problem: string) => void;
  readonly #saleOf: (number: number) => Sale | undefined;
  readonly #byOrder = new Map<number, Cancellation[]>();
  readonly #returned = new Map<number, number>();
  readonly #byKey = new Map<string, number>();
  /** The newest cancellation of each order that was in an answer. */
  readonly #minimums = new Map<number, number>();

  constructor(report: (problem: string) => void, saleOf: (number: number) => Sale | undefined) {
    this.#report = report;
    this.#saleOf = saleOf;
  }

  /** The catalog decided these. */
  decided([, , bytes]: SalesMessage, seq: number): void {
    for (const record of decode(bytes) as readonly Cancellation[]) {
      const [number, , order, lines, , restock] = record;
      this.all.push({ record, seq });
      if (number !== this.all.length) this.#report(`C1: cancellation ${number} leaves a gap`);
      this.#byOrder.set(order, [...this.#of(order), record]);
      for (const [id, , units] of restock ? lines : []) {
        this.#returned.set(id, this.returned(id) + units);
      }
      this.#checkBound(order, number);
    }
  }

  /** An entry of the order group. */
  ordersApplied(command: OrderCommand): void {
    if (command[0] !== 'cancellations') return;
    for (const record of decode(command[3]) as readonly Cancellation[]) {
      if (record[0] !== this.projected + 1) continue;
      this.projected += 1;
      const known = this.all[this.projected - 1];
      if (textOf(known?.record) === textOf(record)) continue;
      this.#report(`I7: the order group takes ${textOf(record)} for ${textOf(known?.record)}`);
    }
  }

  /** Units of a product that cancellations put back into stock. */
  returned(id: number): number {
    return this.#returned.get(id) ?? 0;
  }

  /** The newest cancellation of the order that a read must show; ask before the question. */
  minimum(order: number): number {
    return this.#minimums.get(order) ?? 0;
  }

  /** A cancellation under this key was answered. Returns it. */
  answered(key: Uint8Array, shown: CancellationShown): KnownCancellation | undefined {
    const { cancellation_number: number, order_number: order } = shown;
    const name = Buffer.from(key).toString('hex');
    const other = this.#byKey.get(name);
    if (other !== undefined && other !== number) {
      this.#report(`I6: the cancellation under one key is ${other} and ${number}`);
    }
    this.#byKey.set(name, number);
    const known = this.all[number - 1];
    const isOwn = known && Buffer.from(known.record[1]).equals(key) && known.record[2] === order;
    if (!isOwn || !isShown(known.record, shown)) {
      this.#report(`I8: cancellation ${number} of order ${order} is not as it was answered`);
    }
    this.#raise(order, number);
    return known;
  }

  /** `minimum`: from before the question. */
  read({ number, status, lines }: OrderShown, minimum: number, who: string): void {
    this.reads += 1;
    const shown = lines.flatMap(({ id, cancelled = 0 }) =>
      cancelled > 0 ? [[id, cancelled]] : [],
    );
    const own = this.#of(number);
    const text = shown.map(String).sort().join(' ');
    const place = Array.from({ length: own.length + 1 }, (_, count) => count).find((count) => {
      const units = unitsOf(own.slice(0, count));
      return [...units].map(String).sort().join(' ') === text;
    });
    if (place === undefined) {
      this.#report(`I8: ${who} was told that of order ${number} [${text}] is cancelled: never so`);
      return;
    }
    const newest = own[place - 1];
    const partly = newest ? 'partly_cancelled' : 'placed';
    const expected = newest?.[10] ? 'cancelled' : partly;
    if (status !== expected) this.#report(`I8: order ${number} is ${status}, not ${expected}`);
    this.#notBefore(number, newest?.[0] ?? 0, minimum, who);
  }

  /** The newest cancellations of an order, newest first. */
  listed(order: number, items: readonly CancellationShown[], minimum: number, who: string): void {
    this.reads += 1;
    const newest = items[0]?.cancellation_number ?? 0;
    const known = this.#of(order).filter(([number]) => number <= newest);
    const expected = known.reverse().slice(0, items.length);
    const isSame = expected.every((record, at) => {
      const item = items[at];
      return item !== undefined && isShown(record, item);
    });
    if (!isSame || expected.length !== items.length) {
      this.#report(`I8: ${who} was told other cancellations of order ${order}`);
    }
    this.#notBefore(order, newest, minimum, who);
  }

  #notBefore(order: number, found: number, minimum: number, who: string): void {
    if (found >= minimum) this.#raise(order, found);
    else {
      const what = `cancellation ${found} as the newest of order ${order}`;
      this.#report(`I8: ${who} was told ${what}, after ${minimum}`);
    }
  }

  #raise(order: number, number: number): void {
    if (number > this.minimum(order)) this.#minimums.set(order, number);
  }

  #of(order: number): Cancellation[] {
    return this.#byOrder.get(order) ?? [];
  }

  #checkBound(order: number, number: number): void {
    const bought = this.#saleOf(order)?.[2] ?? [];
    for (const [id, units] of unitsOf(this.#of(order))) {
      const most = bought.find(([one]) => one === id)?.[2] ?? 0;
      if (units <= most) continue;
      this.#report(`C2: with ${number}, ${units} of ${most} units of order ${order} are cancelled`);
    }
  }
}

function unitsOf(records: readonly Cancellation[]): Map<number, number> {
  const units = new Map<number, number>();
  for (const [id, , quantity] of records.flatMap(([, , , lines]) => lines)) {
    units.set(id, (units.get(id) ?? 0) + quantity);
  }
  return units;
}

function isShown(
  [number, , order, lines, , , , , , , isWhole]: Cancellation,
  shown: CancellationShown,
) {
  const units = lines.map(([id, , quantity]) => `${id}×${quantity}`).join();
  const told = shown.lines.map(({ id, quantity }) => `${id}×${quantity}`).join();
  const status = isWhole ? 'cancelled' : 'partly_cancelled';
  const isSame = shown.cancellation_number === number && shown.order_number === order;
  return isSame && told === units && shown.status === status;
}

/** The bytes of a key may be in either kind of array. */
function textOf(record: Cancellation | undefined): string {
  if (!record) return 'nothing';
  const [number, key, ...rest] = record;
  return JSON.stringify([number, Buffer.from(key).toString('hex'), ...rest]);
}
