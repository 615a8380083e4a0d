/**
 * The cancellations of the second catalog (catalog-model.ts): one list, from which every bound is added up
 * again for each question (docs/STOCK.md, C1 to C4). Helper of the tests in this folder and of the simulator.
 */
import type { SaleLine } from '../../../src/wire/internal.js';
import type { TradeOperation, TradeOutcome } from '../../../src/wire/trade.js';
import type { LimitModel } from './limit-model.js';
import type { ModelLedger, ModelProduct } from './model-parts.js';

type Cancel = Extract<TradeOperation, readonly ['cancel', ...unknown[]]>;

export interface CancelLimits {
  readonly unprojectedMax: number;
}

/** The products, removed ones too. */
interface Products {
  named(item: number | string): ModelProduct | undefined;
  record(id: number): ModelProduct | undefined;
  readonly ledger: ModelLedger;
}

export interface ModelCancellation {
  readonly number: number;
  readonly key: string;
  readonly order: number;
  readonly lines: readonly SaleLine[];
  readonly totalCents: number;
  readonly restock: boolean;
  readonly reason: string | null;
  readonly at: number;
  readonly previous: number;
  /** Units of each product that are cancelled with this one. */
  readonly cancelled: ReadonlyMap<number, number>;
  readonly isWhole: boolean;
}

/** Of an order. */
const cancellationsMax = 100;

export class CancelModel {
  /** Number n is at n − 1. */
  readonly all: ModelCancellation[] = [];
  watermark = 0;
  readonly #products: Products;
  readonly #uses: LimitModel;
  readonly #limits: CancelLimits;

  constructor(products: Products, uses: LimitModel, limits: CancelLimits) {
    this.#products = products;
    this.#uses = uses;
    this.#limits = limits;
  }

  confirmed(number: number): void {
    this.watermark = Math.max(this.watermark, Math.min(number, this.all.length));
  }

  of(order: number): ModelCancellation[] {
    return this.all.filter((one) => one.order === order);
  }

  /** What all cancellations of an order together cancel, by product. */
  unitsOf(order: number): Map<number, number> {
    const units = new Map<number, number>();
    for (const [id, , quantity] of this.of(order).flatMap(({ lines }) => lines)) {
      units.set(id, (units.get(id) ?? 0) + quantity);
    }
    return units;
  }

  decide(operation: Cancel, at: number): TradeOutcome {
    const [, [key], order, bought, , , restock, reason] = operation;
    const earlier = this.of(order);
    const isBehind = this.all.length - this.watermark >= this.#limits.unprojectedMax;
    if (isBehind || earlier.length >= cancellationsMax) return ['full', 'cancellations'];
    const taken = this.#taken(operation);
    if (!(taken instanceof Map)) return taken;
    const lines = bought.flatMap(([id, name, , priceCents]): SaleLine[] => {
      const quantity = taken.get(id) ?? 0;
      return quantity > 0 ? [[id, name, quantity, priceCents]] : [];
    });
    if (lines.length === 0) return ['not_cancellable', 0, 0, false];
    for (const [id, , quantity] of lines) this.#return(operation, id, quantity);
    const number = this.all.length + 1;
    const totalCents = lines.reduce((sum, [, , units, price]) => sum + units * price, 0);
    const previous = earlier.at(-1)?.number ?? 0;
    const record = { number, key: textOf(key), order, lines, totalCents, restock, reason, at };
    this.all.push({ ...record, previous, cancelled: new Map(), isWhole: false });
    const cancelled = this.unitsOf(order);
    const isWhole = bought.every(([id, , quantity]) => cancelled.get(id) === quantity);
    this.all[number - 1] = { ...record, previous, cancelled, isWhole };
    return ['cancelled', number, order, false];
  }

  /** Units of each product to cancel, or why not. */
  #taken([, , order, bought, , wanted]: Cancel): Map<number, number> | TradeOutcome {
    const before = this.unitsOf(order);
    const left = new Map(bought.map(([id, , units]) => [id, units - (before.get(id) ?? 0)]));
    if (wanted === null) return left;
    const taken = new Map<number, number>();
    for (const [index, [item, quantity]] of wanted.entries()) {
      const isMeant = ([id, name]: SaleLine) => item === id || isSame(name, item);
      const id = bought.find(isMeant)?.[0] ?? item;
      if (typeof id === 'string') return ['not_found', index, false];
      const units = (taken.get(id) ?? 0) + quantity;
      if (units > (left.get(id) ?? 0)) return ['not_cancellable', id, left.get(id) ?? 0, false];
      taken.set(id, units);
    }
    return taken;
  }

  #return([, , order, , customer, , restock]: Cancel, id: number, units: number): void {
    const product = this.#products.record(id);
    if (!product) throw new Error(`product ${id} was sold`);
    const isLiving = this.#products.named(id) === product;
    if (customer && isLiving) {
      const by = { customer: textOf(customer), source: `sale ${order}` };
      this.#uses.giveBack(product, by, units, ({ afterSale }) => afterSale < order);
    }
    if (!restock) return;
    product.returned += units;
    if (isLiving) {
      product.stock += units;
      product.version++;
      this.#products.ledger.moved(units, 0);
    } else product.received -= units;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The names of histories are ASCII. */
function isSame(name: string, item: number | string): boolean {
  return typeof item === 'string' && name.trim().toLowerCase() === item.trim().toLowerCase();
}
