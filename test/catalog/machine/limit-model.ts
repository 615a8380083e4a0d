/**
 * The purchase limits of the second catalog (catalog-model.ts): a list of what was taken, added up for
 * each question. Helper of the tests in this folder and of the simulator.
 */
import type { LimitFields } from '../../../src/wire/internal.js';
import type { TradeOutcome } from '../../../src/wire/trade.js';
import type { ModelHold, ModelProduct } from './model-parts.js';

/** Units of a product that count for a customer. Without a window a customer has one of these. */
interface Take {
  readonly product: ModelProduct;
  readonly customer: string;
  source: string;
  time: number;
  /** Number of the last sale before it. */
  afterSale: number;
  quantity: number;
}

export class LimitModel {
  readonly #clock: { readonly time: number; readonly lastSale: number };
  #takes: Take[] = [];

  constructor(clock: { readonly time: number; readonly lastSale: number }) {
    this.#clock = clock;
  }

  /** A product's limit is another one now; null also for a removed product. */
  changed(product: ModelProduct, before: LimitFields | null, after: LimitFields | null): void {
    if (before === null) return;
    const own = this.#counted(product, before);
    const others = this.#takes.filter((take) => take.product !== product);
    if (after === null) {
      this.#takes = others;
      return;
    }
    this.#takes = [...others, ...own];
    if (before[1] === null && after[1] !== null) {
      for (const take of own) Object.assign(take, { source: 'unknown', time: this.#clock.time });
    } else if (before[1] !== null && after[1] === null) {
      const merged = new Map<string, Take>();
      for (const take of own) {
        const first = merged.get(take.customer);
        if (first) first.quantity += take.quantity;
        else merged.set(take.customer, { ...take, source: 'all' });
      }
      this.#takes = [...others, ...merged.values()];
    }
  }

  /** Units of a limited product that count for any customer, at most; 0 for no limit. */
  mostCounted(product: ModelProduct): number {
    const units = new Map<string, number>();
    if (product.limit === null) return 0;
    for (const { customer, quantity } of this.#counted(product, product.limit)) {
      units.set(customer, (units.get(customer) ?? 0) + quantity);
    }
    return Math.max(0, ...units.values());
  }

  refusal(
    wanted: ReadonlyMap<ModelProduct, number>,
    customer: string | null,
  ): TradeOutcome | undefined {
    for (const [product, quantity] of wanted) {
      if (product.limit === null) continue;
      if (customer === null) return ['customer_required', product.id, false];
      const [most, windowSeconds] = product.limit;
      const own = this.#counted(product, product.limit).filter((take) => {
        return take.customer === customer;
      });
      const used = own.reduce((sum, take) => sum + take.quantity, 0);
      if (used + quantity <= most) continue;
      let missing = used + quantity - most;
      const last = own.find((take) => {
        missing -= take.quantity;
        return missing <= 0;
      });
      const endsMs = (last?.time ?? 0) + 1_000 * (windowSeconds ?? 0) - this.#clock.time;
      const isOver = windowSeconds === null || last === undefined;
      const wait = isOver ? null : 1_000 * Math.ceil(endsMs / 1_000);
      return ['limit_exceeded', product.id, Math.max(0, most - used), wait, false];
    }
    return undefined;
  }

  take(wanted: ReadonlyMap<ModelProduct, number>, customer: string | null, source: string): void {
    if (customer === null) return;
    for (const [product, quantity] of wanted) {
      if (product.limit === null) continue;
      const isWhole = product.limit[1] === null;
      const known = this.#takes.find((take) => {
        return isWhole && take.product === product && take.customer === customer;
      });
      if (known) known.quantity += quantity;
      else {
        const { time, lastSale: afterSale } = this.#clock;
        const from = isWhole ? 'all' : source;
        this.#takes.push({ product, customer, source: from, time, afterSale, quantity });
      }
    }
  }

  /** A hold became an order. */
  rename(from: string, to: string): void {
    for (const take of this.#takes) if (take.source === from) take.source = to;
  }

  /** The order of a hold from before the limit must give nothing back. */
  confirmed(product: ModelProduct, { customer, openedAt }: ModelHold, order: number): void {
    for (const take of this.#takes) {
      const isOwn = take.product === product && take.customer === customer;
      if (isOwn && take.source === 'all' && openedAt < take.time) take.afterSale = order;
    }
  }

  /** Of a hold or an order; `isNewer` than the first units that a limit without a window counts. */
  giveBack(
    product: ModelProduct,
    { customer, source }: { readonly customer: string | null; readonly source: string },
    units: number,
    isNewer: (take: { readonly time: number; readonly afterSale: number }) => boolean,
  ): void {
    for (const take of this.#takes) {
      if (take.product !== product || take.customer !== customer) continue;
      const isAny = take.source === 'all' && isNewer(take);
      if (take.source === source || isAny) take.quantity = Math.max(0, take.quantity - units);
    }
    this.#takes = this.#takes.filter((take) => take.quantity > 0);
  }

  /** The takes that count now. */
  #counted(product: ModelProduct, [, windowSeconds]: LimitFields): Take[] {
    const lifeMs = windowSeconds === null ? Number.POSITIVE_INFINITY : 1_000 * windowSeconds;
    return this.#takes.filter((take) => {
      return take.product === product && take.time + lifeMs > this.#clock.time;
    });
  }
}
