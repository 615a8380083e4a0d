/** Divides trade operations into entries: the sales of one entry must fit a message. */
import { logLimits, requestLimits } from '../../base/limits.js';
import type { HoldId, TradeOperation } from '../../wire/trade.js';
import { linesOf } from '../../wire/trade-check.js';

/** Undefined if the hold is unknown; an undecided entry may open it. */
export interface HoldLines {
  linesOf(id: HoldId): number | undefined;
}

export function entriesOf(
  operations: readonly TradeOperation[],
  holds: HoldLines,
): readonly (readonly TradeOperation[])[] {
  const entries: TradeOperation[][] = [];
  let lines = Number.POSITIVE_INFINITY;
  for (const operation of operations) {
    const count = linesIn(operation, holds);
    if (lines + count > logLimits.entryLinesMax) {
      entries.push([]);
      lines = 0;
    }
    entries.at(-1)?.push(operation);
    lines += count;
  }
  return entries;
}

function linesIn(operation: TradeOperation, holds: HoldLines): number {
  if (operation[0] !== 'confirm') return linesOf(operation);
  const held = holds.linesOf(operation[2]) ?? requestLimits.orderLinesMax;
  return Math.max(held, linesOf(operation));
}
