/**
 * The trades of the second catalog (catalog-model.ts), in the words of docs/STOCK.md:
 * plain lists that are searched from the start. Helper of the tests in this folder and of the simulator.
 */
import { textKey } from '../../../src/base/product-text.js';
import type { PurchaseLine, Sale, SaleLine } from '../../../src/wire/internal.js';
import type {
  HoldRecord,
  HoldState,
  TradeOperation,
  TradeOutcome,
} from '../../../src/wire/trade.js';
import { type CancelLimits, CancelModel } from './cancel-model.js';
import { LimitModel } from './limit-model.js';
import type { ModelHold, ModelLedger, ModelProduct } from './model-parts.js';

export type { ModelHold, ModelProduct } from './model-parts.js';

/** What the trades need of the catalog. */
export interface ModelShop {
  readonly time: number;
  readonly lastSale: number;
  find(lines: readonly PurchaseLine[]): Map<ModelProduct, number> | Refusal;
  named(item: number | string): ModelProduct | undefined;
  /** Removed ones too. */
  record(id: number): ModelProduct | undefined;
  sold(sale: Sale): void;
  readonly ledger: ModelLedger;
}

export type Refusal = Extract<TradeOutcome, readonly ['out_of_stock' | 'not_found', ...unknown[]]>;

const dayMs = 24 * 3_600_000;

export class TradeModel {
  /** By serial number, from 1; undefined: forgotten. */
  readonly holds: (ModelHold | undefined)[] = [undefined];
  readonly #shop: ModelShop;
  readonly limits: LimitModel;
  readonly cancellations: CancelModel;

  constructor(shop: ModelShop, limits: CancelLimits) {
    this.#shop = shop;
    this.limits = new LimitModel(shop);
    this.cancellations = new CancelModel(shop, this.limits, limits);
  }

  /** Resolved holds are forgotten a day later. */
  forget(): void {
    for (const [serial, hold] of this.holds.entries()) {
      if (!hold || hold.state === 'open' || hold.at + dayMs > this.#shop.time) continue;
      this.holds[serial] = undefined;
    }
  }

  decide(operation: TradeOperation, at: number): TradeOutcome {
    const [, [key]] = operation;
    switch (operation[0]) {
      case 'buy': {
        const [, , lines, terms] = operation;
        const wanted = this.#wanted(lines, terms);
        if (!(wanted instanceof Map)) return wanted;
        const customer = textOf(terms[0]);
        this.limits.take(wanted, customer, `sale ${this.#shop.lastSale + 1}`);
        const sold: SaleLine[] = [];
        for (const [product, quantity] of wanted) {
          product.stock -= quantity;
          product.sold += quantity;
          product.version++;
          this.#shop.ledger.moved(-quantity, 0);
          sold.push([product.id, product.name, quantity, product.priceCents]);
        }
        return this.#sell(key, sold, at, terms[0]);
      }
      case 'hold':
        return this.#open(operation, at);
      case 'confirm':
        return this.#ifOpen(operation[2], (hold, serial) => {
          return this.#confirm(hold, serial, operation, at);
        });
      case 'release':
        return this.#ifOpen(operation[2], (hold, serial) => {
          this.#free(hold, serial);
          this.#end(hold, 'released');
          return ['released', false];
        });
      case 'extend':
        return this.#ifOpen(operation[2], (hold) => {
          const left = hold.openedAt + 7 * dayMs - this.#shop.time;
          const lifeMs = Math.max(0, Math.min(1_000 * operation[3], left));
          hold.at = Math.max(hold.at, this.#shop.time + lifeMs);
          hold.expiresWall = Math.max(hold.expiresWall, at + lifeMs);
          return ['extended', hold.expiresWall, false];
        });
      case 'cancel':
        return this.cancellations.decide(operation, at);
    }
  }

  expire(serials: readonly number[]): void {
    for (const serial of serials) {
      const hold = this.holds[serial];
      if (hold?.state !== 'open' || hold.at > this.#shop.time) continue;
      this.#free(hold, serial);
      this.#end(hold, 'expired');
    }
  }

  hold(id: Uint8Array): HoldRecord | null {
    const hold = this.holds[this.serialOf(id)];
    if (!hold) return null;
    const isOver = hold.state === 'open' && hold.at <= this.#shop.time;
    const state = isOver ? 'expired' : hold.state;
    const isConfirmed = state === 'confirmed';
    const { lines, totalCents } = priced(hold);
    return [
      ...([id, state, lines, totalCents, isConfirmed ? null : hold.expiresWall] as const),
      ...([hold.order, hold.reference] as const),
    ];
  }

  serialOf(id: Uint8Array): number {
    return this.holds.findIndex((hold) => hold && textOf(hold.id) === textOf(id));
  }

  /** Units in open holds of a product. */
  reserved(product: ModelProduct): number {
    let units = 0;
    for (const hold of this.holds) {
      if (hold?.state !== 'open') continue;
      for (const line of hold.lines) if (line.product === product) units += line.quantity;
    }
    return units;
  }

  #open(
    [, , id, lines, ttl, terms, reference]: Extract<
      TradeOperation,
      readonly ['hold', ...unknown[]]
    >,
    at: number,
  ): TradeOutcome {
    if (this.serialOf(id) >= 0) return ['stale'];
    const wanted = this.#wanted(lines, terms);
    if (!(wanted instanceof Map)) return wanted;
    this.limits.take(wanted, textOf(terms[0]), `hold ${this.holds.length}`);
    for (const [product, quantity] of wanted) {
      product.stock -= quantity;
      product.reserved += quantity;
      product.version++;
      this.#shop.ledger.moved(-quantity, quantity);
    }
    const { time } = this.#shop;
    const hold: ModelHold = {
      ...{ id, customer: textOf(terms[0]), reference, ttlMs: 1_000 * ttl, state: 'open' },
      ...{ openedAt: time, openedWall: at, at: time + 1_000 * ttl },
      ...{ expiresWall: at + 1_000 * ttl, order: null },
      lines: [...wanted].map(([product, quantity]) => {
        return { product, quantity, priceCents: product.priceCents };
      }),
    };
    this.holds.push(hold);
    return held(hold, false);
  }

  #confirm(
    hold: ModelHold,
    serial: number,
    [, [key], , wanted]: Extract<TradeOperation, readonly ['confirm', ...unknown[]]>,
    at: number,
  ): TradeOutcome {
    const units = new Map<ModelProduct, number>();
    const all = hold.lines.map(({ product, quantity }) => [product.id, quantity] as const);
    for (const [index, [item, quantity]] of (wanted ?? all).entries()) {
      const line =
        typeof item === 'number'
          ? hold.lines.find(({ product }) => product.id === item)
          : (hold.lines.find(({ product }) => product.name === item) ??
            hold.lines.find(({ product }) => textKey(product.name) === textKey(item)));
      if (!line) {
        const id = typeof item === 'number' ? item : this.#shop.named(item)?.id;
        return id === undefined ? ['not_found', index, false] : ['not_held', id, 0, false];
      }
      const sum = (units.get(line.product) ?? 0) + quantity;
      if (sum > line.quantity) return ['not_held', line.product.id, line.quantity, false];
      units.set(line.product, sum);
    }
    const sold: SaleLine[] = [];
    for (const { product, priceCents } of hold.lines) {
      const quantity = units.get(product) ?? 0;
      product.reserved -= quantity;
      product.sold += quantity;
      this.#shop.ledger.moved(0, -quantity);
      if (quantity > 0) sold.push([product.id, product.name, quantity, priceCents]);
    }
    this.#free(hold, serial, units);
    hold.order = this.#shop.lastSale + 1;
    this.limits.rename(`hold ${serial}`, `sale ${hold.order}`);
    for (const [product, quantity] of units) {
      if (quantity > 0) this.limits.confirmed(product, hold, hold.order);
    }
    this.#end(hold, 'confirmed');
    const customer = hold.customer === null ? null : Buffer.from(hold.customer, 'hex');
    return this.#sell(key, sold, at, customer);
  }

  #sell(
    key: Uint8Array,
    lines: readonly SaleLine[],
    at: number,
    customer: Uint8Array | null,
  ): TradeOutcome {
    const totalCents = lines.reduce((sum, [, , quantity, price]) => sum + quantity * price, 0);
    const number = this.#shop.lastSale + 1;
    const sale = [number, key, lines, totalCents, at] as const;
    this.#shop.sold(customer === null ? sale : [...sale, customer]);
    return ['sold', number, totalCents, false];
  }

  /** Frees what is not sold. */
  #free(
    hold: ModelHold,
    serial: number,
    sold: ReadonlyMap<ModelProduct, number> = new Map(),
  ): void {
    for (const { product, quantity } of hold.lines) {
      const units = quantity - (sold.get(product) ?? 0);
      if (units === 0) continue;
      product.reserved -= units;
      this.#shop.ledger.moved(0, -units);
      if (this.#shop.named(product.id)) {
        product.stock += units;
        product.version++;
      } else {
        product.received -= units;
      }
      const { customer, openedAt } = hold;
      const source = `hold ${serial}`;
      this.limits.giveBack(product, { customer, source }, units, ({ time }) => time <= openedAt);
    }
  }

  #end(hold: ModelHold, state: HoldState): void {
    hold.state = state;
    hold.at = this.#shop.time;
  }

  #ifOpen(id: Uint8Array, decide: (hold: ModelHold, serial: number) => TradeOutcome): TradeOutcome {
    const serial = this.serialOf(id);
    const hold = this.holds[serial];
    if (!hold) return ['no_hold', false];
    if (hold.state !== 'open') return ['resolved', hold.state, false];
    return hold.at <= this.#shop.time ? ['resolved', 'expired', false] : decide(hold, serial);
  }

  #wanted(
    lines: readonly PurchaseLine[],
    [customer, expected]: readonly [Uint8Array | null, number | null],
  ): Map<ModelProduct, number> | TradeOutcome {
    const wanted = this.#shop.find(lines);
    if (!(wanted instanceof Map)) return wanted;
    let total = 0;
    for (const [{ priceCents }, quantity] of wanted) total += quantity * priceCents;
    if (expected !== null && expected !== total) return ['price_changed', total, false];
    return this.limits.refusal(wanted, textOf(customer)) ?? wanted;
  }
}

/** The answer to an opening, also when it is replayed. */
export function held(hold: ModelHold, replayed: boolean): TradeOutcome {
  const { lines, totalCents } = priced(hold);
  return ['held', hold.id, hold.openedWall + hold.ttlMs, lines, totalCents, replayed];
}

function priced({ lines }: ModelHold): { lines: SaleLine[]; totalCents: number } {
  let totalCents = 0;
  const all = lines.map(({ product: { id, name }, quantity, priceCents }): SaleLine => {
    totalCents += quantity * priceCents;
    return [id, name, quantity, priceCents];
  });
  return { lines: all, totalCents };
}

function textOf(bytes: Uint8Array): string;
function textOf(bytes: Uint8Array | null): string | null;
function textOf(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('hex');
}
