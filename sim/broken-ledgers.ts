/** Breaks rules of the ledger (docs/STOCK.md, M1 to M5), for the seeded bugs. */
import { StockLedger } from '../src/catalog/machine/stock-ledger.js';
import type { Entry } from '../src/consensus/types.js';
import { OrderMachine, type OrderResult } from '../src/order/order-machine.js';
import { decode, encode } from '../src/wire/codec.js';
import type { OrderCommand } from '../src/wire/internal.js';
import { movementCauses } from '../src/wire/movement.js';
import type { Patches } from './patches.js';
import type { World } from './world.js';

export const ledgerPatches: Patches = {
  'releases-are-not-in-the-ledger': ({ replace }) => {
    replace(StockLedger, 'record', (record) => {
      return function (this: StockLedger, units, delta, reservedDelta, why) {
        if (why.cause === movementCauses.release) return;
        record.call(this, units, delta, reservedDelta, why);
      };
    });
  },
  'numbers-of-an-entry-before': ({ replace }) => {
    replace(StockLedger, 'record', (record) => {
      return function (this: StockLedger, { id, stock, reserved }, delta, reservedDelta, why) {
        const before = { id, stock: stock - delta, reserved: reserved - reservedDelta };
        record.call(this, before, delta, reservedDelta, why);
      };
    });
  },
};

/** Takes every movement of an entry as a new one, known or not. */
export class RepeatedLedgerMachine extends OrderMachine {
  override apply(entry: Entry): OrderResult {
    const command = entry.command.length > 0 ? (decode(entry.command) as OrderCommand) : undefined;
    const isKnown = command?.[0] === 'movements' && command[1] <= this.lastMovement;
    if (!isKnown) return super.apply(entry);
    const [name, , ...rest] = command;
    return super.apply({ ...entry, command: encode([name, this.lastMovement + 1, ...rest]) });
  }
}

/** Where a new subscription of movements begins, by the broken rules. */
export function brokenLedgerStart(world: World, from: number): number {
  const { ledger } = world.books;
  if (world.hasBug('movements-from-the-newest')) return Math.max(from, ledger.last + 1);
  if (!world.hasBug('movements-are-taken-twice')) return from;
  // What is confirmed is no longer sent.
  return Math.min(from, Math.max(from - 1, world.books.model.ledger.watermark + 1));
}
