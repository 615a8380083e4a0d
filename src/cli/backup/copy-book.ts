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

export async function copyBook(
  disk: Disk,
  source: string,
  folder: string,
  catalog: CatalogMachine,
): Promise<BookCopy> {
  const kept = keptSales(catalog);
  const machine = new OrderMachine();
  let orders = 0;
  const wants = (entry: Entry): boolean => {
    const before = machine.lastOrder;
    machine.apply(entry);
    const fits = machine.lastOrder <= catalog.lastSale && isSold(entry, before, catalog, kept);
    if (fits) orders = machine.lastOrder;
    return fits;
  };
  const journal = join(source, 'journal');
  const reader = await openJournalReader(disk, journal, { fromSeq: 1 });
  try {
    const copy = { disk, folder: join(folder, 'journal'), reader, fromSeq: 1 };
    const last = await copyLog({ ...copy, epochMin: catalog.newestOrderEpoch, wants });
    if (orders >= catalog.watermark) return { seq: last?.seq ?? 0, orders };
    const message = `${source} has ${orders} orders, but the catalog has confirmed ${catalog.watermark}`;
    throw new BazarError('unavailable', message);
  } finally {
    await reader.close();
  }
}

/**
 * Up to the projected watermark, the catalog has confirmed the orders. Above it, each order is
 * compared with the catalog's sale.
 */
function isSold(
  { command }: Entry,
  before: number,
  catalog: CatalogMachine,
  kept: ReadonlyMap<number, Buffer>,
): boolean {
  if (command.byteLength === 0) return true;
  const read = decode(command) as OrderCommand;
  if (read[0] !== 'orders') return true;
  const [, first, count, sales] = read;
  if (first + count - 1 <= catalog.watermark) return true;
  return (decode(sales) as readonly Sale[]).every((sale) => {
    const [number] = sale;
    if (number <= before || number <= catalog.watermark) return true;
    return kept.get(number)?.equals(encoded(sale)) === true;
  });
}

function encoded(sale: Sale): Buffer {
  return Buffer.from(encode(sale));
}
