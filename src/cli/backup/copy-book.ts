/**
 * Copies the order book up to the last sale and cancellation of the catalog copy
 * (docs/operations/BACKUP.md). Invariant: all that the copied book has is in the catalog copy, and the
 * catalog copy keeps every sale and cancellation that is not in the book yet.
 */
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import type { Entry } from '../../consensus/types.js';
import { OrderMachine } from '../../order/order-machine.js';
import { openJournalReader } from '../../storage/read-journal.js';
import type { Disk } from '../../storage/types.js';
import { decode, encode } from '../../wire/codec.js';
import type { OrderCommand, Sale, SalesMessage } from '../../wire/internal.js';
import type { Cancellation } from '../../wire/trade.js';
import { copyLog } from './copy-log.js';

export interface BookCopy {
  readonly seq: number;
  readonly orders: number;
  readonly cancellations: number;
}

/** The encoded sales, by number, that the catalog keeps because they may not be orders yet. */
export function keptSales(catalog: CatalogMachine): Map<number, Buffer> {
  const { watermark } = catalog;
  return keptItems(watermark, (number) => catalog.salesFrom(number, Number.POSITIVE_INFINITY));
}

/** As keptSales, of cancellations. */
export function keptCancellations({ cancellations }: CatalogMachine): Map<number, Buffer> {
  const { watermark } = cancellations;
  return keptItems(watermark, (number) => cancellations.from(number, Number.POSITIVE_INFINITY));
}

function keptItems(
  watermark: number,
  from: (number: number) => SalesMessage | undefined,
): Map<number, Buffer> {
  const kept = new Map<number, Buffer>();
  for (let run = from(watermark + 1); run; run = from(run[0] + run[1])) {
    for (const item of decode(run[2]) as readonly Item[]) kept.set(item[0], encoded(item));
  }
  return kept;
}

type Item = Sale | Cancellation;

/** What an entry adds to the book. */
export interface BookAddition {
  readonly sales: readonly Sale[];
  readonly cancellations: readonly Cancellation[];
}

/** Follows the log of an order replica as long as the catalog has made what its book has. */
export interface FollowedBook {
  /** Numbers of the last order and the last cancellation that fit. */
  readonly orders: number;
  readonly cancellations: number;
  /** Undefined: the book ends before the entry. */
  take(entry: Entry): BookAddition | undefined;
}

export function followBook(catalog: CatalogMachine): FollowedBook {
  const kept = { orders: keptSales(catalog), cancellations: keptCancellations(catalog) };
  const machine = new OrderMachine();
  let orders = 0;
  let cancellations = 0;
  return {
    get orders() {
      return orders;
    },
    get cancellations() {
      return cancellations;
    },
    take(entry) {
      machine.apply(entry);
      if (machine.lastOrder > catalog.lastSale) return undefined;
      if (machine.lastCancellation > catalog.cancellations.last) return undefined;
      const sales = itemsOf<Sale>(entry, 'orders').filter(([number]) => number > orders);
      const cancelled = itemsOf<Cancellation>(entry, 'cancellations').filter(
        ([number]) => number > cancellations,
      );
      const areMade =
        sales.every((sale) => isMade(sale, catalog.watermark, kept.orders)) &&
        cancelled.every((one) => isMade(one, catalog.cancellations.watermark, kept.cancellations));
      if (!areMade) return undefined;
      orders = machine.lastOrder;
      cancellations = machine.lastCancellation;
      return {
        sales: sales.filter(([number]) => number <= orders),
        cancellations: cancelled.filter(([number]) => number <= cancellations),
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
    const { orders, cancellations } = book;
    if (isComplete(book, catalog)) return { seq: last?.seq ?? 0, orders, cancellations };
    throw new BazarError('unavailable', `${source} has ${missingIn(book, catalog)}`);
  } finally {
    await reader.close();
  }
}

/** True if the book has all that the catalog may have dropped. */
export function isComplete(
  { orders, cancellations }: Pick<FollowedBook, 'orders' | 'cancellations'>,
  catalog: CatalogMachine,
): boolean {
  return orders >= catalog.watermark && cancellations >= catalog.cancellations.watermark;
}

/** What a book that is not complete has, for a message. */
export function missingIn(
  { orders, cancellations }: Pick<FollowedBook, 'orders' | 'cancellations'>,
  { watermark, cancellations: made }: CatalogMachine,
): string {
  return orders < watermark
    ? `${orders} orders, but the catalog has confirmed ${watermark}`
    : `${cancellations} cancellations, but the catalog has confirmed ${made.watermark}`;
}

function itemsOf<T extends Item>({ command }: Entry, kind: OrderCommand[0]): readonly T[] {
  if (command.byteLength === 0) return [];
  const read = decode(command) as OrderCommand;
  const isWanted = read[0] === kind && (read[0] === 'orders' || read[0] === 'cancellations');
  return isWanted ? (decode(read[3]) as readonly T[]) : [];
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
