/**
 * Converts the services' positional answers to the public shapes: cents to decimals, outcomes to
 * answers or errors. The only frontend file that uses both shapes.
 */
import { unreachable } from '../base/assert.js';
import { BazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';
import { type Outcome, type ProductRecord, totalTooLarge } from '../wire/internal.js';
import { centsToPrice } from '../wire/money.js';
import type { Adjusted, Order, Placed, Product } from '../wire/schemas.js';
import type { ChangeAnswer, OrderView } from '../wire/thread-requests.js';

export function toProduct(record: ProductRecord): Product {
  const [id, name, topic, priceCents, quantity, version, restockTo = null, limit] = record;
  const product = { id, name, topic, price: centsToPrice(priceCents), quantity, version };
  const withTarget = restockTo === null ? product : { ...product, restock_to: restockTo };
  if (limit === undefined) return withTarget;
  const [units, windowSeconds] = limit;
  return { ...withTarget, purchase_limit: { quantity: units, window_seconds: windowSeconds } };
}

export function toAdjusted([record, replayed, reserved = 0, delta = 0]: ChangeAnswer): Adjusted {
  const { id, quantity: available, version } = toProduct(record);
  const adjusted = { id, delta, on_hand: available + reserved, reserved, available, version };
  return replayed ? { ...adjusted, replayed } : adjusted;
}

export function toOrder(view: OrderView): Order {
  const [number, , lines, totalCents, at, , flat = []] = view;
  const [first] = lines;
  const cancelled = new Map<number, number>();
  for (let place = 0; place < flat.length; place += 2) {
    cancelled.set(flat[place] ?? 0, flat[place + 1] ?? 0);
  }
  const isWhole = lines.every(([id, , quantity]) => quantity === cancelled.get(id));
  const partly = cancelled.size === 0 ? 'placed' : 'partly_cancelled';
  if (first === undefined) throw new BazarError('internal', `order ${number} has no lines`);
  return {
    number,
    name: first[1],
    quantity: first[2],
    lines: lines.map(([id, name, quantity, priceCents]) => ({
      id,
      name,
      quantity,
      price: centsToPrice(priceCents),
      ...(cancelled.has(id) ? { cancelled: cancelled.get(id) ?? 0 } : {}),
    })),
    total: centsToPrice(totalCents),
    at: new Date(at).toISOString(),
    status: isWhole ? 'cancelled' : partly,
  };
}

export function productNotFound(details: Readonly<Record<string, unknown>> = {}): BazarError {
  return new BazarError('not_found', 'product not found', { details });
}

export function outOfStock(
  id: number,
  available: number,
  details: Readonly<Record<string, unknown>> = {},
): BazarError {
  return new BazarError('out_of_stock', 'not enough in stock', {
    details: { id, available, ...details },
  });
}

export function tooLargeTotal(details: Readonly<Record<string, unknown>> = {}): BazarError {
  const max = centsToPrice(requestLimits.totalCentsMax);
  return new BazarError('invalid_argument', `an order comes to ${max} at most`, { details });
}

const cameTooLate = 'the purchase came too late: try again';
/** Another order leader has sold since, or not all replicas support the bound of totals yet. */
const notDecided = 'the purchase could not be decided now: try again';

/**
 * The age counts from the first attempt, so a retry would only be older (docs/PROTOCOL.md, A34).
 */
const tooOld = new BazarError('unavailable', cameTooLate);

/** Keys expire after minutes or a day: a retry within the deadline would only add a log entry. */
const keysFull = new BazarError(
  'overloaded',
  'the store keeps too many purchase keys to accept a new one',
);

const holdsFull = new BazarError(
  'overloaded',
  'the store keeps too many holds to accept a new one',
);
const limitsFull = new BazarError(
  'overloaded',
  'the store counts too many purchases of limited products',
);
const salesFull = 'too many sales wait to become orders';
/** An older catalog does not say what is full. */
const someFull = `${keysFull.message}, or ${salesFull}`;

const cancellationsFull = 'the store keeps too many cancellations of this order or of all';
const fullOf = {
  sales: salesFull,
  cancellations: cancellationsFull,
  some: someFull,
} as const;

/** True if every later attempt of the purchase would fail in the same way. */
export function isFinal(error: BazarError): boolean {
  return error === tooOld || error === keysFull || error === holdsFull || error === limitsFull;
}

/** `firstSeen` is the log time that all attempts carry; undefined if they carry none. */
export function toPlaced(outcome: Outcome, firstSeen?: number): Placed {
  switch (outcome[0]) {
    case 'sold': {
      const [, number, totalCents, replayed] = outcome;
      const placed = { order_number: number, total: centsToPrice(totalCents) };
      return replayed ? { ...placed, replayed } : placed;
    }
    case 'out_of_stock': {
      const [, id, available, replayed] = outcome;
      throw outOfStock(id, available, replayed ? { replayed } : {});
    }
    case 'not_found': {
      const [, line, replayed] = outcome;
      if (line === totalTooLarge) throw tooLargeTotal(replayed ? { replayed } : {});
      throw productNotFound({ line, ...(replayed ? { replayed } : {}) });
    }
    case 'customer_required': {
      const [, id, replayed] = outcome;
      const message = 'the product has a purchase limit: say which customer buys';
      throw new BazarError('customer_required', message, {
        details: { id, ...(replayed ? { replayed } : {}) },
      });
    }
    case 'key_reused':
      throw new BazarError('key_reused', 'the key was used for another request');
    case 'stale':
      if (outcome[1] !== undefined && outcome[1] === firstSeen) throw tooOld;
      throw new BazarError('unavailable', outcome[1] === undefined ? notDecided : cameTooLate);
    case 'full':
      if (outcome[1] === 'keys') throw keysFull;
      if (outcome[1] === 'holds') throw holdsFull;
      if (outcome[1] === 'limits') throw limitsFull;
      throw new BazarError('overloaded', fullOf[outcome[1] ?? 'some']);
    default:
      return unreachable(outcome);
  }
}
