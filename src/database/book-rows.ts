/** Converts orders, cancellations and movements between rows of the tables and records of messages and logs. */
import { required } from '../base/assert.js';
import { BazarError } from '../base/errors.js';
import type { Sale, SaleLine } from '../wire/internal.js';
import { type Movement, type MovementCause, movementCauses } from '../wire/movement.js';
import type { Cancellation } from '../wire/trade.js';
import type { CancellationRow, MovementRow, OrderLineRow, OrderRow } from './rows.js';

const causes = new Map<string, MovementCause>(Object.entries(movementCauses));
const causeNames = new Map([...causes].map(([name, cause]) => [cause, name]));

export function toSale({ number, key, lines, totalCents, at, customer }: OrderRow): Sale {
  const sale = [number, key, lines.map(toLine), totalCents, at] as const;
  return customer === null ? sale : [...sale, customer];
}

/** @param batch number of the first cancellation of the same log entry. */
export function cancellationRow(cancellation: Cancellation, batch: number): CancellationRow {
  const [number, key, orderNumber, lines, totalCents, restock, reason, at] = cancellation;
  const [, , , , , , , , previous, cancelled, isWhole] = cancellation;
  const rows = lines.map(([productId, name, quantity, priceCents]) => {
    return { productId, name, quantity, priceCents };
  });
  return {
    ...{ number, key, orderNumber, lines: rows, totalCents, restock, at },
    reason: reason === null ? null : toColumn(reason),
    ...{ previous, cancelled, isWhole, batch },
  };
}

export function toCancellation(row: CancellationRow): Cancellation {
  const { number, key, orderNumber, lines, totalCents, restock, reason, at } = row;
  return [
    ...([number, key, orderNumber, lines.map(toLine), totalCents, restock] as const),
    ...([reason === null ? null : fromColumn(reason), at] as const),
    ...([row.previous, row.cancelled, row.isWhole] as const),
  ];
}

/** @param beginsRun it is the first one of its run. */
export function movementRow(movement: Movement, beginsRun: boolean): MovementRow {
  const [number, productId, cause, source, delta, reservedDelta, available, reserved] = movement;
  const [, , , , , , , , at, note] = movement;
  const [reason = null, reference = null] = note ?? [];
  return {
    ...{ number, productId, cause: required(causeNames.get(cause), 'the name of a cause'), source },
    ...{ delta, reservedDelta, available, reserved, at },
    reason: reason === null ? null : toColumn(reason),
    reference: reference === null ? null : toColumn(reference),
    beginsRun,
  };
}

/** Throws `internal` if the row has an unknown cause. */
export function toMovement(row: MovementRow): Movement {
  const { number, productId, source, delta, reservedDelta, available, reserved, at } = row;
  const cause = causes.get(row.cause);
  if (cause === undefined) {
    const message = `the tables are damaged: movement ${number} has the cause ${row.cause}`;
    throw new BazarError('internal', message);
  }
  const stock = [source, delta, reservedDelta, available, reserved] as const;
  const movement = [number, productId, cause, ...stock, at] as const;
  if (row.reason === null) return movement;
  const reference = row.reference === null ? null : fromColumn(row.reference);
  return [...movement, [fromColumn(row.reason), reference]];
}

function toLine({ productId, name, quantity, priceCents }: OrderLineRow): SaleLine {
  return [productId, name, quantity, priceCents];
}

/** A customer's text may have a zero character, which no text column can hold. */
export function toColumn(text: string): string {
  return text.replace(/[\\\0]/g, (found) => (found === '\0' ? '\\0' : '\\\\'));
}

export function fromColumn(text: string): string {
  return text.replace(/\\(.)/g, (_, found: string) => (found === '0' ? '\0' : found));
}
