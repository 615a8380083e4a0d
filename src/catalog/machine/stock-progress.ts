/**
 * How far the first stock and the restocks have come. A part of the first stock applies once and in
 * order, a restock only as the next one (docs/PROTOCOL.md, section 5; A26).
 */
import type { CatalogCommand } from '../../wire/internal.js';
import { restockProducts, stockProducts } from './product-rules.js';
import type { Products } from './products.js';
import type { Stocked } from './results.js';

type Command<Name extends 'stock' | 'restock'> = Extract<
  CatalogCommand,
  readonly [Name, ...unknown[]]
>;

/** Of a duplicate, or one out of order. */
export const notApplied: Stocked = { kind: 'stocked', applied: false, touched: [] };

export class StockProgress {
  #lastRestock: number;
  #isStocked: boolean;
  /** Number of products of the first stock that are applied. */
  #stockedSoFar: number;

  constructor({ lastRestock, isStocked, stockedSoFar }: Progress = founding) {
    this.#lastRestock = lastRestock;
    this.#isStocked = isStocked;
    this.#stockedSoFar = stockedSoFar;
  }

  get lastRestock(): number {
    return this.#lastRestock;
  }

  get isStocked(): boolean {
    return this.#isStocked;
  }

  get stockedSoFar(): number {
    return this.#stockedSoFar;
  }

  stock(products: Products, command: Command<'stock'>, seq: number): Stocked {
    const [, wanted, from = 0, total = wanted.length] = command;
    if (this.#isStocked || from !== this.#stockedSoFar) return notApplied;
    this.#stockedSoFar += wanted.length;
    this.#isStocked = this.#stockedSoFar >= total;
    return stockProducts(products, wanted, seq);
  }

  restock(products: Products, [, k, target = 0]: Command<'restock'>, seq: number): Stocked {
    if (k !== this.#lastRestock + 1) return notApplied;
    this.#lastRestock = k;
    return restockProducts(products, target, k, seq);
  }
}

interface Progress {
  readonly lastRestock: number;
  readonly isStocked: boolean;
  readonly stockedSoFar: number;
}

const founding: Progress = { lastRestock: 0, isStocked: false, stockedSoFar: 0 };
