/**
 * Compares the answers about purchases with the sales (docs/PROTOCOL.md, I6, I8): no acknowledged order
 * is lost or doubled, no order lacks a purchase, and one key has one number. Each purchase includes a
 * line of a product with ample stock; its quantity identifies the purchase.
 */
import type { SaleLine } from '../src/wire/internal.js';
import type { BooksChecker, KnownSale } from './books-checker.js';
import { isHeldSale } from './holder.js';
import type { World } from './world.js';

export interface Order {
  /** Unique in a run; the quantity of the tag's line. */
  readonly tag: number;
  readonly key: string | undefined;
  readonly item: number;
  readonly quantity: number;
  /** When it was first tried; its key expires. */
  readonly begunMs: number;
  state: 'open' | 'sold' | 'refused';
  number: number | undefined;
}

/** The product that tags purchases. */
export const tagItem = 1;

export function nameOf(item: number): string {
  return `item ${item} of them`;
}

export class Ledger {
  readonly orders: Order[] = [];
  readonly #books: BooksChecker;
  readonly #salesAreSafe: boolean;
  readonly #report: (problem: string) => void;
  readonly #ofHolders = new Map<string, number>();
  readonly #byNumber = new Map<number, Order>();

  readonly #isHeld: (lines: readonly SaleLine[]) => boolean;

  /** @param salesAreSafe a purchase may be answered when its sale is committed. */
  constructor(world: World, salesAreSafe: boolean) {
    this.#books = world.books;
    this.#salesAreSafe = salesAreSafe;
    this.#report = (problem) => world.report(problem);
    this.#isHeld = (lines) => isHeldSale(world, lines);
  }

  begin(item: number, quantity: number, key: string | undefined, nowMs: number): Order {
    const order: Order = {
      ...{ tag: this.orders.length + 1, key, item, quantity, begunMs: nowMs },
      state: 'open',
      number: undefined,
    };
    this.orders.push(order);
    return order;
  }

  /** The customer got this order number. Returns the sale. */
  sold(order: Order, number: number): KnownSale | undefined {
    if (order.state === 'refused') {
      this.#report(`I6: purchase ${order.tag} was refused and then sold as ${number}`);
    }
    if (order.number !== undefined && order.number !== number) {
      this.#report(`I6: purchase ${order.tag} is order ${order.number} and order ${number}`);
    }
    const other = this.#byNumber.get(number);
    if (other && other !== order) {
      this.#report(`I8: order ${number} is both purchase ${other.tag} and ${order.tag}`);
    }
    order.state = 'sold';
    order.number = number;
    this.#byNumber.set(number, order);
    if (this.#books.sales.length < number) {
      this.#report(`I8: order ${number} was answered before its sale was committed`);
    }
    if (!this.#salesAreSafe && this.#books.orders < number) {
      this.#report(`I8: order ${number} was answered before it was safe`);
    }
    const known = this.#books.sales[number - 1];
    if (!known || tagOf(known) !== order.tag || !hasLine(known, order)) {
      this.#report(`I8: order ${number} is not purchase ${order.tag}`);
    }
    return known;
  }

  refused(order: Order): void {
    if (order.state === 'sold') {
      this.#report(`I6: purchase ${order.tag} was sold as ${order.number} and then refused`);
    }
    order.state = 'refused';
  }

  /** A holder's keys are its own: each makes one order at most. */
  #settleHeld(number: number, key: string): void {
    const before = this.#ofHolders.get(key);
    if (before !== undefined) this.#report(`I6: a key has the orders ${before} and ${number}`);
    this.#ofHolders.set(key, number);
  }

  /** At the end: every sale belongs to one purchase, and no purchase has two. */
  settle(): void {
    const sold = new Map<number, number>();
    for (const known of this.#books.sales) {
      const [number, key, lines] = known.sale;
      if (this.#isHeld(lines)) {
        this.#settleHeld(number, Buffer.from(key).toString('hex'));
        continue;
      }
      const tag = tagOf(known);
      const before = sold.get(tag);
      if (before !== undefined) {
        this.#report(`I6: purchase ${tag} was sold twice, as ${before} and ${number}`);
      }
      sold.set(tag, number);
      const order = this.orders[tag - 1];
      if (order === undefined) this.#report(`I8: sale ${number} has no purchase`);
      else if (order.state === 'refused') {
        this.#report(`I6: purchase ${tag} was refused, and sold as ${number}`);
      }
    }
    for (const order of this.orders) {
      if (order.state === 'sold' && sold.get(order.tag) !== order.number) {
        this.#report(`I8: acknowledged order ${order.number} is lost`);
      }
    }
  }
}

function tagOf({ sale: [, , lines] }: KnownSale): number {
  return lines.find(([id]) => id === tagItem)?.[2] ?? 0;
}

function hasLine({ sale: [, , lines] }: KnownSale, order: Order): boolean {
  if (order.item === tagItem) return true;
  return lines.some(([id, , quantity]) => id === order.item && quantity === order.quantity);
}
