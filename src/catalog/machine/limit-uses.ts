/**
 * How much of its limited products each customer has bought or holds (docs/STOCK.md, L1 to L5). Without
 * a window a customer has one use of a product; with one, a use for each purchase or hold, which ends by
 * log time. Does not depend on stock. Invariant: the uses are counted, and never more than the maximum.
 */
import { assert } from '../../base/assert.js';
import { limitLimits } from '../../base/limits.js';
import {
  compact,
  mixUse,
  noUses,
  type OpenUse,
  type ProductUses,
  spend,
  textOf,
  toUse,
  waitFor,
} from './open-uses.js';
import type { LimitExceeded, PurchaseLimit, Source, Use } from './purchase-limit.js';
import { UnorderedSum } from './unordered-sum.js';
import type { UseKey, UsesListener } from './uses-listener.js';

export {
  isSameLimit,
  type LimitExceeded,
  type PurchaseLimit,
  type Use,
} from './purchase-limit.js';

/** The source of units that were counted before the limit had a window. */
const beforeWindow = Number.MAX_SAFE_INTEGER;

export class LimitUses {
  readonly #products = new Map<number, ProductUses>();
  #listener: UsesListener | undefined;
  #size = 0;
  #cleanedAt = 0;

  /** Reports changes from now on. */
  listen(listener: UsesListener | undefined): void {
    this.#listener = listener;
  }

  get size(): number {
    return this.#size;
  }

  /** Log time at which all uses were last looked through. */
  get cleanedAt(): number {
    return this.#cleanedAt;
  }

  /** True if there is no room for so many uses. Ends old ones first, at most once a second. */
  isFull(
    wanted: number,
    limitOf: (product: number) => PurchaseLimit | null,
    time: number,
  ): boolean {
    if (this.#size + wanted <= limitLimits.usesMax) return false;
    if (time < this.#cleanedAt + limitLimits.cleanEveryMs) return true;
    this.#cleanedAt = time;
    for (const product of [...this.#products.keys()]) {
      const limit = limitOf(product);
      if (limit) this.#clean(product, limit, time);
    }
    return this.#size + wanted > limitLimits.usesMax;
  }

  /** Undefined if the customer may have so many more. */
  refusal(
    product: number,
    limit: PurchaseLimit,
    customer: Uint8Array,
    quantity: number,
    time: number,
  ): LimitExceeded | undefined {
    this.#clean(product, limit, time);
    const uses = this.#products.get(product)?.byCustomer.get(textOf(customer)) ?? [];
    const used = uses.reduce((sum, use) => sum + use.quantity, 0);
    if (used + quantity <= limit.quantity) return undefined;
    const remaining = Math.max(0, limit.quantity - used);
    return {
      remaining,
      retryAfterMs: waitFor(uses, used + quantity - limit.quantity, limit, time),
    };
  }

  take(product: number, limit: PurchaseLimit, use: Omit<Use, 'product'>): void {
    const customer = textOf(use.customer);
    const uses = this.#of(product);
    const [only] = uses.byCustomer.get(customer) ?? [];
    if (limit.windowMs === null && only) {
      this.#change(product, uses, only, { quantity: only.quantity + use.quantity });
      this.#listener?.changed(product, only);
      return;
    }
    const source = limit.windowMs === null ? 0 : use.source;
    this.#put(product, uses, { ...use, customer, source });
    this.#listener?.changed(product, { customer, source, time: use.time });
  }

  /**
   * Units that a customer did not buy after all. Those that were not counted are ignored: the limit is
   * newer, or their window is over. `takenAt`: log time at which a hold took them; an order is known to be
   * older than the limit by its number.
   */
  giveBack(
    product: number,
    customer: Uint8Array,
    source: Source,
    quantity: number,
    takenAt = Number.POSITIVE_INFINITY,
  ): void {
    const uses = this.#products.get(product);
    const own = uses?.byCustomer.get(textOf(customer));
    const use = own?.find((one) => one.source === source || one.source === 0);
    if (!uses || !use) return;
    const isOlder = source > 0 ? source <= use.since : takenAt < use.time;
    if (use.source === 0 && isOlder) return;
    this.#change(product, uses, use, { quantity: Math.max(0, use.quantity - quantity) });
    this.#listener?.changed(product, use);
    if (use.quantity === 0 && use.source !== 0) spend(uses);
  }

  /** True if a purchase of this customer makes a use of its own. */
  addsUse(product: number, { windowMs }: PurchaseLimit, customer: Uint8Array): boolean {
    return windowMs !== null || !this.#products.get(product)?.byCustomer.has(textOf(customer));
  }

  /**
   * A hold became an order. One from before the limit was never counted, so its order must give nothing
   * back: the limit then counts as newer than the order. `takenAt` as in `giveBack`.
   */
  rename(product: number, customer: Uint8Array, from: Source, to: Source, takenAt: number): void {
    const uses = this.#products.get(product);
    const own = uses?.byCustomer.get(textOf(customer));
    if (!uses) return;
    const use = own?.find((one) => one.source === from);
    if (use) {
      this.#listener?.changed(product, use);
      this.#change(product, uses, use, { source: to });
      this.#listener?.changed(product, use);
      return;
    }
    const merged = own?.find((one) => one.source === 0);
    if (!merged || takenAt >= merged.time) return;
    this.#change(product, uses, merged, { since: to });
    this.#listener?.changed(product, merged);
  }

  /** The limit of a product changes or goes. */
  limitChanged(
    product: number,
    before: PurchaseLimit | null,
    after: PurchaseLimit | null,
    time: number,
  ): void {
    if (before === null) return;
    this.#clean(product, before, time);
    const uses = this.#products.get(product);
    if (!uses) return;
    const isOther = (before.windowMs === null) !== (after?.windowMs === null);
    if (after === null || isOther) this.#listener?.replaced(product);
    if (after === null) {
      this.#drop(product, uses);
    } else if (before.windowMs === null && after.windowMs !== null) {
      // It is not known when these units were bought: they count from now on.
      for (const use of [...uses.byCustomer.values()].flat()) {
        this.#change(product, uses, use, { source: beforeWindow, time });
        uses.queue.push(use);
      }
    } else if (before.windowMs !== null && after.windowMs === null) {
      this.#merge(product, uses);
    }
  }

  /** Adds a use of a snapshot, in any order. `sortLoaded` follows the last one. */
  load({ product, customer, source, time, since, quantity }: Use): void {
    const text = textOf(customer);
    const use = { customer: text, source, time, since, quantity };
    this.#put(product, this.#of(product), use);
  }

  /**
   * Restores the order of the uses: oldest first. Those of the same log time end together, and are merged
   * together, so their order has no effect.
   */
  sortLoaded(): void {
    const byTime = (one: OpenUse, other: OpenUse): number => one.time - other.time;
    for (const { byCustomer, queue } of this.#products.values()) {
      queue.sort(byTime);
      for (const own of byCustomer.values()) own.sort(byTime);
    }
  }

  startClean(cleanedAt: number): void {
    this.#cleanedAt = cleanedAt;
  }

  *all(): Generator<Use> {
    for (const product of this.#products.keys()) yield* this.of(product);
  }

  *of(product: number): Generator<Use> {
    for (const own of this.#products.get(product)?.byCustomer.values() ?? []) {
      for (const use of own) yield toUse(product, use);
    }
  }

  find(product: number, { customer, source }: Pick<UseKey, 'customer' | 'source'>) {
    const own = this.#products.get(product)?.byCustomer.get(customer);
    const use = own?.find((one) => one.source === source);
    return use && toUse(product, use);
  }

  get sum(): string {
    const all = new UnorderedSum<Use>(mixUse);
    for (const { sum } of this.#products.values()) all.addAll(sum);
    return all.text();
  }

  invariants(): void {
    let total = 0;
    for (const [product, { byCustomer, size, sum }] of this.#products) {
      const uses = [...byCustomer.values()].flat();
      const counted = new UnorderedSum<Use>(mixUse);
      for (const use of uses) {
        assert(use.quantity > 0, 'a use has units');
        counted.add(toUse(product, use));
      }
      assert(uses.length === size, 'the uses of a product are counted');
      assert(counted.text() === sum.text(), 'the sum is that of the uses');
      total += size;
    }
    assert(total === this.#size && total <= limitLimits.usesMax, 'the uses are counted');
  }

  #clean(product: number, { windowMs }: PurchaseLimit, time: number): void {
    const uses = this.#products.get(product);
    if (!uses || windowMs === null) return;
    const newest = uses.queue.at(-1);
    if (newest && newest.time + windowMs <= time) {
      this.#drop(product, uses);
      this.#listener?.ended(product, time - windowMs);
      return;
    }
    const before = uses.first;
    for (let use = uses.queue[uses.first]; use !== undefined; use = uses.queue[uses.first]) {
      if (use.quantity > 0 && use.time + windowMs > time) break;
      uses.first++;
      if (use.quantity > 0) this.#end(product, uses, use);
      else uses.spent--;
    }
    if (uses.first === before) return;
    if (2 * uses.first > uses.queue.length) compact(uses);
    this.#listener?.ended(product, time - windowMs);
  }

  /** Drops the windows: each customer has one use. */
  #merge(product: number, uses: ProductUses): void {
    for (const [customer, own] of [...uses.byCustomer]) {
      const quantity = own.reduce((sum, use) => sum + use.quantity, 0);
      const time = Math.min(...own.map((use) => use.time));
      const oldest = own.filter((use) => use.time === time);
      const since = Math.min(...oldest.map((use) => use.since));
      for (const use of [...own]) this.#end(product, uses, use);
      this.#put(product, uses, { customer, source: 0, time, since, quantity });
    }
    uses.queue = [];
    uses.first = 0;
    uses.spent = 0;
  }

  #of(product: number): ProductUses {
    let uses = this.#products.get(product);
    if (!uses) {
      uses = noUses();
      this.#products.set(product, uses);
    }
    return uses;
  }

  #put(product: number, uses: ProductUses, use: OpenUse): void {
    const own = uses.byCustomer.get(use.customer);
    if (own) own.push(use);
    else uses.byCustomer.set(use.customer, [use]);
    if (use.source !== 0) uses.queue.push(use);
    uses.sum.add(toUse(product, use));
    uses.size++;
    this.#size++;
  }

  #change(product: number, uses: ProductUses, use: OpenUse, change: Partial<OpenUse>): void {
    if (change.quantity === 0) {
      this.#end(product, uses, use);
      return;
    }
    uses.sum.remove(toUse(product, use));
    Object.assign(use, change);
    uses.sum.add(toUse(product, use));
  }

  #end(product: number, uses: ProductUses, use: OpenUse): void {
    uses.sum.remove(toUse(product, use));
    use.quantity = 0;
    uses.size--;
    this.#size--;
    const own = uses.byCustomer.get(use.customer);
    if (!own) return;
    // Usually the oldest one ends.
    if (own[0] === use) own.shift();
    else own.splice(own.indexOf(use), 1);
    if (own.length === 0) uses.byCustomer.delete(use.customer);
  }

  /** Ends all uses of the product at once, however many there are. */
  #drop(product: number, { size }: ProductUses): void {
    this.#products.delete(product);
    this.#size -= size;
  }
}
