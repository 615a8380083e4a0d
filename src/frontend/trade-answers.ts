/** Converts the outcomes of trade operations and the holds to the public shapes, as answers.ts does. */
import { BazarError } from '../base/errors.js';
import type { Cancelled } from '../wire/cancel-schemas.js';
import type { SaleLine } from '../wire/internal.js';
import { centsToPrice } from '../wire/money.js';
import type { Held, Hold, HoldExtended, HoldReleased, Placed } from '../wire/schemas.js';
import type { Cancellation, HoldId, HoldRecord, TradeOutcome } from '../wire/trade.js';
import { toPlaced } from './answers.js';

const holdNotFound = 'hold not found';

/** `firstSeen` is the log time that all attempts carry. */
export function toTradePlaced(outcome: TradeOutcome, firstSeen: number): Placed {
  switch (outcome[0]) {
    case 'sold':
    case 'out_of_stock':
    case 'not_found':
    case 'customer_required':
    case 'key_reused':
    case 'stale':
    case 'full':
      return toPlaced(outcome, firstSeen);
    default:
      throw refusalOf(outcome);
  }
}

export function toHeld(outcome: TradeOutcome, firstSeen: number): Held {
  if (outcome[0] !== 'held') throw failureOf(outcome, firstSeen);
  const [, id, expiresAt, lines, totalCents, replayed] = outcome;
  const held = {
    hold_id: holdIdText(id),
    expires_at: new Date(expiresAt).toISOString(),
    lines: toLines(lines),
    total: centsToPrice(totalCents),
  };
  return replayed ? { ...held, replayed } : held;
}

export function toReleased(id: string, outcome: TradeOutcome, firstSeen: number): HoldReleased {
  if (outcome[0] !== 'released') throw failureOf(outcome, firstSeen);
  const released = { hold_id: id, status: 'released' as const };
  return outcome[1] ? { ...released, replayed: true } : released;
}

export function toExtended(id: string, outcome: TradeOutcome, firstSeen: number): HoldExtended {
  if (outcome[0] !== 'extended') throw failureOf(outcome, firstSeen);
  const [, expiresAt, replayed] = outcome;
  const extended = { hold_id: id, expires_at: new Date(expiresAt).toISOString() };
  return replayed ? { ...extended, replayed } : extended;
}

export function toHold(record: HoldRecord | null): Hold {
  if (record === null) throw new BazarError('not_found', holdNotFound);
  const [id, status, lines, totalCents, expiresAt, orderNumber, reference] = record;
  return {
    hold_id: holdIdText(id),
    status,
    lines: toLines(lines),
    total: centsToPrice(totalCents),
    ...(expiresAt === null ? {} : { expires_at: new Date(expiresAt).toISOString() }),
    ...(orderNumber === null ? {} : { order_number: orderNumber }),
    ...(reference === null ? {} : { reference }),
  };
}

/** The number under which the cancellation is in the order book. */
export function toCancelled(
  outcome: TradeOutcome,
  firstSeen: number,
): { readonly number: number; readonly replayed: boolean } {
  if (outcome[0] === 'not_found') {
    const [, line, replayed] = outcome;
    const details = { line, ...(replayed ? { replayed } : {}) };
    throw new BazarError('not_found', 'the order has no line with this name', { details });
  }
  if (outcome[0] !== 'cancelled') throw failureOf(outcome, firstSeen);
  return { number: outcome[1], replayed: outcome[3] };
}

export function toCancellation(record: Cancellation): Cancelled {
  const [number, , order, lines, totalCents, restock, reason, at, , , isWhole] = record;
  return {
    cancellation_number: number,
    order_number: order,
    lines: toLines(lines),
    total: centsToPrice(totalCents),
    restock,
    ...(reason === null ? {} : { reason }),
    at: new Date(at).toISOString(),
    status: isWhole ? 'cancelled' : 'partly_cancelled',
  };
}

export function holdIdText(id: HoldId): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex');
}

export function holdIdOf(text: string): HoldId {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function toLines(lines: readonly SaleLine[]): Held['lines'] {
  return lines.map(([id, name, quantity, priceCents]) => {
    return { id, name, quantity, price: centsToPrice(priceCents) };
  });
}

/** The failure of an outcome that is not the wanted one. */
function failureOf(outcome: TradeOutcome, firstSeen: number): BazarError {
  try {
    toTradePlaced(outcome, firstSeen);
  } catch (error) {
    if (error instanceof BazarError) return error;
    throw error;
  }
  return new BazarError('internal', `an operation had the outcome ${outcome[0]}`);
}

function refusalOf(outcome: TradeOutcome): BazarError {
  const marked = outcome.at(-1) === true ? { replayed: true } : {};
  switch (outcome[0]) {
    case 'resolved':
      return new BazarError(`hold_${outcome[1]}`, `the hold is ${outcome[1]}`, { details: marked });
    case 'no_hold':
      return new BazarError('not_found', holdNotFound, { details: marked });
    case 'not_held': {
      const [, id, held] = outcome;
      const message = 'the hold has fewer units of the product';
      return new BazarError('conflict', message, { details: { id, held, ...marked } });
    }
    case 'not_cancellable': {
      const [, id, left] = outcome;
      const message =
        id === 0 ? 'nothing is left of the order' : 'the order has fewer units of the product left';
      const line = id === 0 ? {} : { id };
      return new BazarError('conflict', message, { details: { ...line, left, ...marked } });
    }
    case 'price_changed': {
      const total = centsToPrice(outcome[1]);
      const message = 'the total is not the expected one';
      return new BazarError('price_changed', message, { details: { total, ...marked } });
    }
    case 'limit_exceeded': {
      const [, id, remaining, retryAfterMs] = outcome;
      const wait = retryAfterMs === null ? {} : { retry_after_ms: retryAfterMs };
      const message = 'the customer may not buy so many';
      return new BazarError('limit_exceeded', message, {
        details: { id, remaining, ...wait, ...marked },
      });
    }
    default:
      return new BazarError('internal', `an operation had the outcome ${outcome[0]}`);
  }
}
