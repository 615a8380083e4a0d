/** Breaks rules of cancellations (docs/STOCK.md, C1 to C6), for the seeded bugs. */
import { type CancelledOrder, CancelTable } from '../src/catalog/machine/cancel-table.js';
import type { CatalogMachine } from '../src/catalog/machine/catalog-machine.js';
import { KeyTable } from '../src/catalog/machine/key-table.js';
import { LimitUses } from '../src/catalog/machine/limit-uses.js';
import { Products } from '../src/catalog/machine/products.js';
import type { Entry } from '../src/consensus/types.js';
import { OrderMachine, type OrderResult } from '../src/order/order-machine.js';
import { decode, encode } from '../src/wire/codec.js';
import type { CatalogCommand, OrderCommand } from '../src/wire/internal.js';
import { movementCauses } from '../src/wire/movement.js';
import type { Patches } from './patches.js';
import type { World } from './world.js';

/** How the key table stores the outcome of a cancellation (trade-outcomes.ts). */
const [kinds, cancelledKind] = [16, 9];

/** What was not in the order book yet when another cancellation of the order was decided. */
const unseen = new WeakMap<World, Map<string, boolean>>();
/** The products of each machine that has restocked. */
const restocked = new WeakMap<CatalogMachine, Products>();

export const cancelPatches: Patches = {
  'cancels-beyond-what-was-bought': ({ world, replace }) => {
    replace(CancelTable, 'find', (find) => {
      return function (this: CancelTable, order) {
        const known = find.call(this, order);
        return known && isUnseen(world, known) ? { ...known, units: [] } : known;
      };
    });
  },
  'restocks-again-on-a-replay': ({ world, command, seq, machine, replace }) => {
    if (command?.[0] !== 'trade') return;
    replace(Products, 'takeBack', (takeBack) => {
      return function (this: Products, ...args) {
        restocked.set(machine, this);
        takeBack.apply(this, args);
      };
    });
    replace(KeyTable, 'outcome', (outcome) => {
      return function (this: KeyTable, slot) {
        const known = outcome.call(this, slot);
        const isCancelled = known[0] === 'coded' && known[2] % kinds === cancelledKind;
        if (isCancelled) restock(world, restocked.get(machine), known[1], seq);
        return known;
      };
    });
  },
  'cancellations-give-back-twice': ({ replace }) => {
    replace(LimitUses, 'giveBack', (giveBack) => {
      return function (this: LimitUses, ...args) {
        giveBack.apply(this, args);
        const [, , source] = args;
        if (source > 0) giveBack.apply(this, args);
      };
    });
  },
};

/** The same answer on all replicas. */
function isUnseen(world: World, { order, last }: CancelledOrder): boolean {
  const known = unseen.get(world) ?? new Map<string, boolean>();
  unseen.set(world, known);
  const name = `${order} ${last}`;
  const found = known.get(name) ?? last > world.books.cancellations.projected;
  known.set(name, found);
  return found;
}

function restock(world: World, products: Products | undefined, number: number, seq: number): void {
  const why = { cause: movementCauses.cancellation, source: number };
  const [, , , lines = [], , isRestocked] = world.books.cancellations.all[number - 1]?.record ?? [];
  for (const [id, , quantity] of isRestocked ? lines : []) {
    const product = products?.record(id);
    if (product) products?.takeBack(product, quantity, seq, why);
  }
}

/** The seeded bug: caches are not told which products a cancellation restocks. */
export function withoutRestocks(world: World, command: CatalogCommand): CatalogCommand {
  if (command[0] !== 'trade' || !world.hasBug('restocks-are-not-told')) return command;
  const [name, epoch, at, operations] = command;
  return [name, epoch, at, operations.filter(([kind]) => kind !== 'cancel')];
}

/** Takes every cancellation of an entry as a new one, known or not. */
export class RecancellingMachine extends OrderMachine {
  override apply(entry: Entry): OrderResult {
    const command = entry.command.length > 0 ? (decode(entry.command) as OrderCommand) : undefined;
    const isKnown = command?.[0] === 'cancellations' && command[1] <= this.lastCancellation;
    if (!isKnown) return super.apply(entry);
    const [name, , count, bytes] = command;
    return super.apply({
      ...entry,
      command: encode([name, this.lastCancellation + 1, count, bytes]),
    });
  }
}

/** Where a new subscription of cancellations begins, by the broken rules. */
export function brokenStart(world: World, from: number): number {
  if (world.hasBug('cancellations-from-the-newest')) {
    return Math.max(from, world.books.cancellations.all.length + 1);
  }
  if (!world.hasBug('cancellations-are-taken-twice')) return from;
  // What is confirmed is no longer sent.
  return Math.min(from, Math.max(from - 1, world.books.model.trades.cancellations.watermark + 1));
}
