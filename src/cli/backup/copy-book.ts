/**
 * Copies the order book up to the last sale of the catalog copy (docs/operations/BACKUP.md).
 * Invariant: every order in the copy is a sale in the catalog copy, and the catalog copy keeps
 * every sale that is not an order yet.
 */
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import type { Entry } from '../../consensus/types.js';
import { OrderMachine } from '../../order/order-machine.js';
import { openJournalReader } from '../../storage/read-journal.js';
import type { Disk } from '../../storage/types.js';
import { decode, encode } from '../../wire/codec.js';
import type { OrderCommand, Sale } from '../../wire/internal.js';
import { copyLog } from './copy-log.js';

export interface BookCopy {
  readonly seq: number;
  readonly orders: number;
}

/** The encoded sales, by number, that the catalog keeps because they may not be orders yet. */
export function keptSales(catalog: CatalogMachine): Map<number, Buffer> {
  const kept = new Map<number, Buffer>();
  for (let next = catalog.watermark + 1; next <= catalog.lastSale; ) {
    const run = catalog.salesFrom(next, Number.POSITIVE_INFINITY);
    if (!run) break;
    for (const sale of decode(run[2]) as readonly Sale[]) kept.set(sale[0], encoded(sale));
    next = run[0] + run[1];
  }
  return kept;
}

/** Follows the log of an order replica as long as its orders are sales of the catalog. */
export interface FollowedBook {
  /** Number of the last order that fits. */
  readonly orders: number;
  /** The new orders of the entry; undefined: the book ends before it. */
  take(entry: Entry): readonly Sale[] | undefined;
}

export function followBook(catalog: CatalogMachine): FollowedBook {
  const kept = keptSales(catalog);
  const machine = new OrderMachine();
  let orders = 0;
  return {
    get orders() {
      return orders;
    },
    take(entry) {
      machine.apply(entry);
      if (machine.lastOrder > catalog.lastSale) return undefined;
      const sales = salesOf(entry).filter(([number]) => number > orders);
      if (!sales.every((sale) => isSold(sale, catalog, kept))) return undefined;
      orders = machine.lastOrder;
      return sales.filter(([number]) => number <= orders);
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
    const { orders } = book;
    if (orders >= catalog.watermark) return { seq: last?.seq ?? 0, orders };
    const message = `${source} has ${orders} orders, but the catalog has confirmed ${catalog.watermark}`;
    throw new BazarError('unavailable', message);
  } finally {
    await reader.close();
  }
}

function salesOf({ command }: Entry): readonly Sale[] {
  if (command.byteLength === 0) return [];
  const read = decode(command) as OrderCommand;
  return read[0] === 'orders' ? (decode(read[3]) as readonly Sale[]) : [];
}

/**
 * Up to the projected watermark, the catalog has confirmed the orders. Above it, each order is
 * compared with the catalog's sale.
 */
function isSold(sale: Sale, catalog: CatalogMachine, kept: ReadonlyMap<number, Buffer>): boolean {
  const [number] = sale;
  return number <= catalog.watermark || kept.get(number)?.equals(encoded(sale)) === true;
}

function encoded(sale: Sale): Buffer {
  return Buffer.from(encode(sale));
}
