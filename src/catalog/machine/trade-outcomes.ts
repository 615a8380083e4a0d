/**
 * The outcomes of trade operations as the key table stores them: two numbers. A hold is stored as its
 * serial number, because its lines are kept with it. Invariant: an outcome that was stored is the same
 * when it is replayed, while its hold is kept.
 */
import { assert, required, unreachable } from '../../base/assert.js';
import type { HoldEnd, TradeOutcome } from '../../wire/trade.js';
import type { KeptHold } from './hold-slab.js';
import type { HoldTable } from './hold-table.js';
import type { CodedOutcome, StoredOutcome } from './key-table.js';
import type { Products } from './products.js';

/** The second number is `value · kinds + kind`. */
const kinds = 16;
const kindOf = {
  held: 0,
  released: 1,
  extended: 2,
  resolved: 3,
  no_hold: 4,
  not_held: 5,
  price_changed: 6,
  customer_required: 7,
  limit_exceeded: 8,
  cancelled: 9,
  not_cancellable: 10,
} as const;
/** More than the seconds of the longest window. */
const waits = 2 ** 26;
const ends: readonly HoldEnd[] = ['confirmed', 'released', 'expired'];

/** Outcomes that store nothing. */
type Unstored = Extract<TradeOutcome, readonly ['key_reused' | 'stale' | 'full', ...unknown[]]>;
export type Decided = Exclude<TradeOutcome, Unstored>;

export function isDecided(outcome: TradeOutcome): outcome is Decided {
  return outcome[0] !== 'key_reused' && outcome[0] !== 'stale' && outcome[0] !== 'full';
}

export function toStored(outcome: Decided, holds: HoldTable): StoredOutcome {
  const coded = (kind: keyof typeof kindOf, first = 0, value = 0): CodedOutcome => {
    return ['coded', first, value * kinds + kindOf[kind]];
  };
  switch (outcome[0]) {
    case 'sold':
    case 'out_of_stock':
    case 'not_found':
      return outcome;
    case 'held':
      return coded('held', required(holds.find(outcome[1]), 'the hold of an outcome'));
    case 'released':
      return coded('released');
    case 'extended':
      return coded('extended', outcome[1]);
    case 'resolved':
      return coded('resolved', ends.indexOf(outcome[1]));
    case 'no_hold':
      return coded('no_hold');
    case 'not_held':
      return coded('not_held', outcome[1], outcome[2]);
    case 'price_changed':
      return coded('price_changed', outcome[1]);
    case 'customer_required':
      return coded('customer_required', outcome[1]);
    case 'cancelled':
      return coded('cancelled', outcome[1], outcome[2]);
    case 'not_cancellable':
      return coded('not_cancellable', outcome[1], outcome[2]);
    case 'limit_exceeded':
      return coded('limit_exceeded', outcome[1], packLimit(outcome[2], outcome[3]));
    default:
      return unreachable(outcome);
  }
}

/** The outcome again, marked as replayed. */
export function fromStored(
  [, first, second]: CodedOutcome,
  holds: HoldTable,
  products: Products,
): TradeOutcome {
  const value = Math.floor(second / kinds);
  switch (second % kinds) {
    case kindOf.held:
      // A hold is kept longer than the key that opened it.
      return holds.has(first) ? heldOutcome(holds.read(first), products, true) : ['no_hold', true];
    case kindOf.released:
      return ['released', true];
    case kindOf.extended:
      return ['extended', first, true];
    case kindOf.resolved:
      return ['resolved', required(ends[first], 'the end of a hold'), true];
    case kindOf.no_hold:
      return ['no_hold', true];
    case kindOf.not_held:
      return ['not_held', first, value, true];
    case kindOf.cancelled:
      return ['cancelled', first, value, true];
    case kindOf.not_cancellable:
      return ['not_cancellable', first, value, true];
    case kindOf.customer_required:
      return ['customer_required', first, true];
    case kindOf.limit_exceeded:
      return ['limit_exceeded', first, ...unpackLimit(value), true];
    default:
      assert(second % kinds === kindOf.price_changed, 'a coded outcome has a known kind');
      return ['price_changed', first, true];
  }
}

/** A remaining quantity and a wait in whole seconds as one number; 0 for no wait. */
function packLimit(remaining: number, retryAfterMs: number | null): number {
  return remaining * waits + (retryAfterMs === null ? 0 : 1 + Math.ceil(retryAfterMs / 1_000));
}

function unpackLimit(value: number): [remaining: number, retryAfterMs: number | null] {
  const wait = value % waits;
  return [Math.floor(value / waits), wait === 0 ? null : 1_000 * (wait - 1)];
}

/** The outcome of the opening, whatever has become of the hold since. */
export function heldOutcome(hold: KeptHold, products: Products, replayed: boolean): TradeOutcome {
  const { lines, totalCents } = linesOf(hold, products);
  const expiresAt = hold.openedWall + 1_000 * hold.ttlSeconds;
  return ['held', hold.id, expiresAt, lines, totalCents, replayed];
}

/** The lines with the products' present names, and their total. */
export function linesOf(
  { lines }: Pick<KeptHold, 'lines'>,
  products: Products,
): { lines: (readonly [number, string, number, number])[]; totalCents: number } {
  let totalCents = 0;
  const named = lines.map(({ id, quantity, priceCents }) => {
    totalCents += quantity * priceCents;
    const { name } = required(products.record(id), 'a product in a hold');
    return [id, name, quantity, priceCents] as const;
  });
  return { lines: named, totalCents };
}
