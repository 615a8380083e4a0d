/**
 * Copies the order book up to the last sale, cancellation and movement of the catalog copy
 * (docs/operations/BACKUP.md). Invariant: all that the copied book has is in the catalog copy, and the
 * catalog copy keeps every sale, cancellation and movement that is not in the book yet.
 */
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import type { ReadonlyRuns } from '../../catalog/machine/numbered-runs.js';
import type { Entry } from '../../consensus/types.js';
import { OrderMachine } from '../../order/order-machine.js';
import { openJournalReader } from '../../storage/read-journal.js';
import type { Disk } from '../../storage/types.js';
import { decode, encode } from '../../wire/codec.js';
import type { OrderCommand, Sale } from '../../wire/internal.js';
import type { Movement } from '../../wire/movement.js';
import type { Cancellation } from '../../wire/trade.js';
import { copyLog } from './copy-log.js';

/** Numbers of the last order, cancellation and movement of a book; 0 if there is none. */
export interface BookCounts {
  readonly orders: number;
  readonly cancellations: number;
  readonly movements: number;
}

export interface BookCopy extends BookCounts {
  /** The last entry of the copied log. */
  readonly seq: number;
}

/** The encoded items, by number, that the catalog keeps because they may not be in the order book yet. */
export function keptItems(runs: Pick<ReadonlyRuns, 'from' | 'watermark'>): Map<number, Buffer> {
  const from = (number: number) => runs.from(number, Number.POSITIVE_INFINITY);
  const kept = new Map<number, Buffer>();
  for (let run = from(runs.watermark + 1); run; run = from(run[0] + run[1])) {
    for (const item of decode(run[2]) as readonly Item[]) kept.set(item[0], encoded(item));
  }
  return kept;
}

type Item = Sale | Cancellation | Movement;

/** What an entry adds to the book. */
export interface BookAddition {
  readonly sales: readonly Sale[];
  readonly cancellations: readonly Cancellation[];
  readonly movements: readonly Movement[];
}

/** Follows the log of an order replica as long as the catalog has made what its book has. */
export interface FollowedBook extends BookCounts {
  /** Undefined: the book ends before the entry. */
  take(entry: Entry): BookAddition | undefined;
}

export function followBook(catalog: CatalogMachine): FollowedBook {
  const kept = {
    orders: keptItems(catalog.sales),
    cancellations: keptItems(catalog.cancellations),
    movements: keptItems(catalog.movements),
  };
  const machine = new OrderMachine();
  let orders = 0;
  let cancellations = 0;
  let movements = 0;
  return {
    get orders() {
      return orders;
    },
    get cancellations() {
      return cancellations;
    },
    get movements() {
      return movements;
    },
    take(entry) {
      machine.apply(entry);
      if (machine.lastOrder > catalog.lastSale) return undefined;
      if (machine.lastCancellation > catalog.cancellations.last) return undefined;
      if (machine.lastMovement > catalog.movements.last) return undefined;
      const sales = itemsOf<Sale>(entry, 'orders').filter(([number]) => number > orders);
      const cancelled = itemsOf<Cancellation>(entry, 'cancellations').filter(
        ([number]) => number > cancellations,
      );
      const moved = itemsOf<Movement>(entry, 'movements').filter(([number]) => number > movements);
      const areMade =
        sales.every((sale) => isMade(sale, catalog.watermark, kept.orders)) &&
        cancelled.every((one) =>
          isMade(one, catalog.cancellations.watermark, kept.cancellations),
        ) &&
        moved.every((one) => isMade(one, catalog.movements.watermark, kept.movements));
      if (!areMade) return undefined;
      orders = machine.lastOrder;
      cancellations = machine.lastCancellation;
      movements = machine.lastMovement;
      return {
        sales: sales.filter(([number]) => number <= orders),
        cancellations: cancelled.filter(([number]) => number <= cancellations),
        movements: moved.filter(([number]) => number <= movements),
      };
    },
  };
}

export async function copyBook(
  disk: Disk,
  source: string,
  folder: string,
  catalog: CatalogMachine,
): Promise<BookCopy> {
  const book = followBook(catalog);
  const wants = (entry: Entry): boolean => book.take(entry) !== undefined;
  const journal = join(source, 'journal');
  const reader = await openJournalReader(disk, journal, { fromSeq: 1 });
  try {
    const copy = { disk, folder: join(folder, 'journal'), reader, fromSeq: 1 };
    const last = await copyLog({ ...copy, epochMin: catalog.newestOrderEpoch, wants });
    const { orders, cancellations, movements } = book;
    if (isComplete(book, catalog)) return { seq: last?.seq ?? 0, orders, cancellations, movements };
    throw new BazarError('unavailable', `${source} has ${missingIn(book, catalog)}`);
  } finally {
    await reader.close();
  }
}

/** True if the book has all that the catalog may have dropped. */
export function isComplete(
  { orders, cancellations, movements }: BookCounts,
  catalog: CatalogMachine,
): boolean {
  return (
    orders >= catalog.watermark &&
    cancellations >= catalog.cancellations.watermark &&
    movements >= catalog.movements.watermark
  );
}

/** What a book that is not complete has, for a message. */
export function missingIn(
  { orders, cancellations, movements }: BookCounts,
  { watermark, cancellations: made, movements: moved }: CatalogMachine,
): string {
  if (orders < watermark) return `${orders} orders, but the catalog has confirmed ${watermark}`;
  return cancellations < made.watermark
    ? `${cancellations} cancellations, but the catalog has confirmed ${made.watermark}`
    : `${movements} movements, but the catalog has confirmed ${moved.watermark}`;
}

function itemsOf<T extends Item>(
  { command }: Entry,
  kind: 'orders' | 'cancellations' | 'movements',
): readonly T[] {
  if (command.byteLength === 0) return [];
  const [name, , , items] = decode(command) as OrderCommand;
  return name === kind && items ? (decode(items) as readonly T[]) : [];
}

/**
 * Up to the projected watermark, the catalog has confirmed the book. Above it, each record is compared
 * with the catalog's.
 */
function isMade(item: Item, watermark: number, kept: ReadonlyMap<number, Buffer>): boolean {
  const [number] = item;
  return number <= watermark || kept.get(number)?.equals(encoded(item)) === true;
}

function encoded(item: Item): Buffer {
  return Buffer.from(encode(item));
}
