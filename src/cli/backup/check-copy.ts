/**
 * Checks a finished copy as `bazar audit` checks a store: reads the order book from the copy and
 * compares it with the catalog's books, product by product.
 */
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import { readBook } from '../../order/book-job.js';
import { decode } from '../../wire/codec.js';
import type { Sale } from '../../wire/internal.js';
import { type BookCopy, keptSales } from './copy-book.js';

/** Rejects with the differences. */
export async function checkCopy(
  catalog: CatalogMachine,
  book: BookCopy,
  orderFolder: string,
): Promise<void> {
  catalog.invariants();
  const read = await readBook({
    journalFolder: join(orderFolder, 'journal'),
    throughSeq: book.seq,
    throughOrder: Number.POSITIVE_INFINITY,
  });
  const units = new Map(read.units);
  for (const [number, bytes] of keptSales(catalog)) {
    if (number <= book.orders) continue;
    // A sale that becomes an order when the copy starts.
    const [, , lines] = decode(bytes) as Sale;
    for (const [id, , quantity] of lines) units.set(id, (units.get(id) ?? 0) + quantity);
  }
  const problems = [...read.problems];
  if (read.orders !== book.orders) problems.push(`${read.orders} orders, not ${book.orders}`);
  for (const { id, name, sold } of catalog.books()) {
    const ordered = units.get(id) ?? 0;
    if (ordered !== sold) problems.push(`${name} (${id}): sold ${sold}, but ordered ${ordered}`);
  }
  if (problems.length === 0) return;
  throw new BazarError('internal', `the copy does not balance: ${problems.join('; ')}`);
}
