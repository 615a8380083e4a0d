/**
 * Decides the operations of a trade command: purchases with terms and holds; cancellations.ts decides the
 * cancellations (docs/STOCK.md). The purchase processor checks key, epoch and age before, and stores the
 * outcome. Invariant: a hold is resolved once, and its units are reserved exactly while it is open.
 */
import { required } from '../../base/assert.js';
import { holdLimits } from '../../base/limits.js';
import { textKey } from '../../base/product-text.js';
import type { PurchaseLine, SaleLine } from '../../wire/internal.js';
import { totalTooLarge } from '../../wire/internal.js';
import { type MovementCause, movementCauses } from '../../wire/movement.js';
import type { HoldId, Terms, TradeOperation, TradeOutcome } from '../../wire/trade.js';
import type { Cancellations } from './cancellations.js';
import type { KeptHold } from './hold-slab.js';
import type { HoldTable } from './hold-table.js';
import type { Products } from './products.js';
import {
  findWanted,
  priceOf,
  type Refusal,
  recordSale,
  resolve,
  type Wanted,
} from './purchases.js';
import { heldOutcome } from './trade-outcomes.js';
import type { TradePlace } from './trade-place.js';

type Operation<Name extends TradeOperation[0]> = Extract<
  TradeOperation,
  readonly [Name, ...unknown[]]
>;

export class Trades {
  readonly #products: Products;
  readonly #holds: HoldTable;
  readonly #cancellations: Cancellations;

  constructor(products: Products, holds: HoldTable, cancellations: Cancellations) {
    this.#products = products;
    this.#holds = holds;
    this.#cancellations = cancellations;
  }

  decide(operation: TradeOperation, place: TradePlace): TradeOutcome {
    switch (operation[0]) {
      case 'buy':
        return this.#buy(operation, place);
      case 'hold':
        return this.#hold(operation, place);
      case 'confirm':
        return this.#withOpen(operation[2], place, (hold) => this.#confirm(operation, hold, place));
      case 'release':
        return this.#withOpen(operation[2], place, (hold) => {
          this.#unreserve(hold, hold.lines, place, movementCauses.release);
          this.#holds.resolve(hold, 'released', place.time);
          place.holds.push(hold.serial);
          return ['released', false];
        });
      case 'extend':
        return this.#withOpen(operation[2], place, (hold) => this.#extend(operation, hold, place));
      case 'cancel':
        return this.#cancellations.decide(operation, place);
    }
  }

  /** Frees the stock of the named holds that are open and due (H5). */
  expire(
    serials: readonly number[],
    place: Pick<TradePlace, 'seq' | 'time' | 'touched' | 'holds'>,
  ): void {
    for (const serial of serials) {
      if (!this.#holds.has(serial)) continue;
      const hold = this.#holds.read(serial);
      if (hold.state !== 'open' || hold.at > place.time) continue;
      this.#unreserve(hold, hold.lines, place, movementCauses.expiry);
      this.#holds.resolve(hold, 'expired', place.time);
      place.holds.push(serial);
    }
  }

  #buy([, key, lines, terms]: Operation<'buy'>, place: TradePlace): TradeOutcome {
    const wanted = this.#wanted(lines, terms, place.time);
    if (!isWanted(wanted)) return wanted;
    const number = place.nextSale();
    this.#count(wanted, terms, number, place);
    const sold = recordSale(this.#products, wanted, { ...place, number });
    return sell([key[0], sold.lines, sold.totalCents, terms[0]], place);
  }

  #hold(operation: Operation<'hold'>, place: TradePlace): TradeOutcome {
    const [, , id, lines, ttlSeconds, terms, reference] = operation;
    const holds = this.#holds;
    if (holds.isFull(lines.length, reference ?? undefined)) return ['full', 'holds'];
    // A frontend draws another id when it tries again.
    if (holds.find(id) !== undefined) return ['stale'];
    const wanted = this.#wanted(lines, terms, place.time);
    if (!isWanted(wanted)) return wanted;
    this.#count(wanted, terms, -(holds.last + 1), place);
    const why = { cause: movementCauses.hold, source: holds.last + 1 };
    for (const { product, quantity } of wanted) {
      if (product.changedAt !== place.seq) place.touched.push(product.id);
      this.#products.reserve(product, quantity, place.seq, why);
    }
    const serial = holds.add({
      id,
      customer: terms[0] ?? undefined,
      ttlSeconds,
      reference: reference ?? undefined,
      lines: priceOf(wanted).lines.map(([product, , quantity, priceCents]) => {
        return { id: product, quantity, priceCents };
      }),
      time: place.time,
      wall: place.at,
    });
    place.holds.push(serial);
    return heldOutcome(holds.read(serial), this.#products, false);
  }

  #confirm(
    [, key, , wanted]: Operation<'confirm'>,
    hold: KeptHold,
    place: TradePlace,
  ): TradeOutcome {
    const taken = this.#taken(hold, wanted);
    if (!isUnits(taken)) return taken;
    const lines: SaleLine[] = [];
    let totalCents = 0;
    const number = place.nextSale();
    const why = { cause: movementCauses.sale, source: number };
    const rest: KeptHold['lines'][number][] = [];
    for (const line of hold.lines) {
      const { id, quantity: held, priceCents } = line;
      const quantity = taken.get(id) ?? 0;
      if (quantity < held) rest.push({ ...line, quantity: held - quantity });
      if (quantity === 0) continue;
      const product = this.#record(id);
      if (product.changedAt !== place.seq) place.touched.push(id);
      this.#products.sellReserved(product, quantity, place.seq, why);
      lines.push([id, product.name, quantity, priceCents]);
      totalCents += quantity * priceCents;
    }
    this.#unreserve(hold, rest, place, movementCauses.release);
    const { serial, customer } = hold;
    if (customer) {
      const { uses } = this.#products;
      for (const [id] of lines) uses.rename(id, customer, -serial, number, hold.openedAt);
    }
    this.#holds.resolve(hold, 'confirmed', place.time, number);
    place.holds.push(serial);
    return sell([key[0], lines, totalCents, customer ?? null], place);
  }

  #extend(
    [, , , ttlSeconds]: Operation<'extend'>,
    hold: KeptHold,
    { time, at, holds }: TradePlace,
  ): TradeOutcome {
    const endsAt = hold.openedAt + holdLimits.lifeMs;
    const lifeMs = Math.max(0, Math.min(1_000 * ttlSeconds, endsAt - time));
    const due = Math.max(hold.at, time + lifeMs);
    const wall = Math.max(hold.wallOrOrder, at + lifeMs);
    this.#holds.extend(hold.serial, due, wall);
    holds.push(hold.serial);
    return ['extended', wall, false];
  }

  /** H4: from its time on a hold is expired, even before the entry that frees its stock. */
  #withOpen(
    id: HoldId,
    { time }: TradePlace,
    decide: (hold: KeptHold) => TradeOutcome,
  ): TradeOutcome {
    const serial = this.#holds.find(id);
    if (serial === undefined) return ['no_hold', false];
    const hold = this.#holds.read(serial);
    if (hold.state !== 'open') return ['resolved', hold.state, false];
    if (hold.at <= time) return ['resolved', 'expired', false];
    return decide(hold);
  }

  /** The units to confirm of each product. */
  #taken(
    { lines }: KeptHold,
    wanted: readonly PurchaseLine[] | null,
  ): ReadonlyMap<number, number> | TradeOutcome {
    if (wanted === null) return new Map(lines.map(({ id, quantity }) => [id, quantity]));
    const taken = new Map<number, number>();
    for (const [index, [item, quantity]] of wanted.entries()) {
      const id = typeof item === 'number' ? item : this.#named(lines, item);
      if (id === undefined) return ['not_found', index, false];
      const sum = (taken.get(id) ?? 0) + quantity;
      const held = lines.find((line) => line.id === id)?.quantity ?? 0;
      if (sum > held) return ['not_held', id, held, false];
      taken.set(id, sum);
    }
    return taken;
  }

  /** What is held first: the product may have been removed meanwhile (H3). */
  #named(lines: KeptHold['lines'], name: string): number | undefined {
    const key = textKey(name);
    const held = lines.map(({ id }) => this.#record(id));
    const found =
      held.find((product) => product.name === name) ??
      held.find((product) => textKey(product.name) === key);
    return found?.id ?? resolve(this.#products, name)?.id;
  }

  #wanted(
    lines: readonly PurchaseLine[],
    [customer, expectedCents]: Terms,
    time: number,
  ): readonly Wanted[] | TradeOutcome {
    const wanted = findWanted(this.#products, lines, true);
    if ('kind' in wanted) return refused(wanted);
    const { totalCents } = priceOf(wanted);
    const isExpected = expectedCents === null || expectedCents === totalCents;
    if (!isExpected) return ['price_changed', totalCents, false];
    return this.#limited(wanted, customer, time) ?? wanted;
  }

  /** The refusal by a purchase limit; undefined if there is none (L1, L2). */
  #limited(
    wanted: readonly Wanted[],
    customer: Uint8Array | null,
    time: number,
  ): TradeOutcome | undefined {
    const { uses } = this.#products;
    const limited = wanted.filter(({ product }) => product.limit !== null);
    if (limited.length === 0) return undefined;
    for (const { product, quantity } of limited) {
      if (customer === null) return ['customer_required', product.id, false];
      const { limit } = product;
      const refusal = limit && uses.refusal(product.id, limit, customer, quantity, time);
      if (!refusal) continue;
      return ['limit_exceeded', product.id, refusal.remaining, refusal.retryAfterMs, false];
    }
    const limitOf = (id: number) => this.#products.record(id)?.limit ?? null;
    const added = limited.filter(({ product: { id, limit } }) => {
      return limit && customer && uses.addsUse(id, limit, customer);
    });
    return uses.isFull(added.length, limitOf, time) ? ['full', 'limits'] : undefined;
  }

  /** Counts what a customer buys or holds of limited products. */
  #count(
    wanted: readonly Wanted[],
    [customer]: Terms,
    source: number,
    { time, nextSale }: TradePlace,
  ): void {
    if (customer === null) return;
    const since = nextSale() - 1;
    for (const { product, quantity } of wanted) {
      const { id, limit } = product;
      if (limit) this.#products.uses.take(id, limit, { customer, source, time, since, quantity });
    }
  }

  /** Frees units of a hold, also for its customer's limits. */
  #unreserve(
    { serial, customer, openedAt }: KeptHold,
    lines: KeptHold['lines'],
    { seq, touched }: Pick<TradePlace, 'seq' | 'touched'>,
    cause: MovementCause,
  ): void {
    const why = { cause, source: serial };
    for (const { id, quantity } of lines) {
      const product = this.#record(id);
      if (product.changedAt !== seq) touched.push(id);
      this.#products.unreserve(product, quantity, seq, why);
      if (customer) this.#products.uses.giveBack(id, customer, -serial, quantity, openedAt);
    }
  }

  #record(id: number) {
    return required(this.#products.record(id), 'a product in a hold');
  }
}

function isUnits(
  taken: ReadonlyMap<number, number> | TradeOutcome,
): taken is ReadonlyMap<number, number> {
  return taken instanceof Map;
}

function isWanted(found: readonly Wanted[] | TradeOutcome): found is readonly Wanted[] {
  return typeof found[0] !== 'string';
}

function refused(refusal: Refusal): TradeOutcome {
  switch (refusal.kind) {
    case 'out_of_stock':
      return ['out_of_stock', refusal.id, refusal.available, false];
    case 'not_found':
      return ['not_found', refusal.lineIndex, false];
    case 'total_too_large':
      return ['not_found', totalTooLarge, false];
  }
}

function sell(
  [key, lines, totalCents, customer]: readonly [
    key: Uint8Array,
    lines: readonly SaleLine[],
    totalCents: number,
    customer: Uint8Array | null,
  ],
  { at, sales, nextSale }: TradePlace,
): TradeOutcome {
  const number = nextSale();
  const sale = [number, key, lines, totalCents, at] as const;
  sales.push(customer === null ? sale : [...sale, customer]);
  return ['sold', number, totalCents, false];
}
