/** The holds to read. */
import type { HoldId, HoldRecord } from '../../wire/trade.js';
import type { HoldTable } from './hold-table.js';
import type { Products } from './products.js';
import { linesOf } from './trade-outcomes.js';

export type ReadonlyHolds = Pick<
  HoldTable,
  'open' | 'openLines' | 'kept' | 'last' | 'nextDue' | 'dueAt' | 'linesOf'
>;

/** Undefined if the hold is unknown. `time`: log time, at which an open hold may be due (H4). */
export function holdRecord(
  holds: HoldTable,
  products: Products,
  id: HoldId,
  time: number,
): HoldRecord | undefined {
  const serial = holds.find(id);
  if (serial === undefined) return undefined;
  const hold = holds.read(serial);
  const { at, wallOrOrder, reference = null } = hold;
  const { lines, totalCents } = linesOf(hold, products);
  const state = hold.state === 'open' && at <= time ? 'expired' : hold.state;
  const isConfirmed = state === 'confirmed';
  return [
    ...([id, state, lines, totalCents] as const),
    isConfirmed ? null : wallOrOrder,
    isConfirmed ? wallOrOrder : null,
    reference,
  ];
}
