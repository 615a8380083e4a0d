/**
 * Checks a finished copy as `bazar audit` checks a store: reads the order book from the copy and
 * compares it with the catalog's books, product by product.
 */
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import { type BookAnswer, readBook } from '../../order/book-job.js';
import { balanceProblems } from '../../wire/balance-check.js';
import { decode } from '../../wire/codec.js';
import type { Sale } from '../../wire/internal.js';
import type { Movement } from '../../wire/movement.js';
import type { Cancellation } from '../../wire/trade.js';
import { type BookCopy, isComplete, keptItems, missingIn } from './copy-book.js';

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
    throughCancellation: Number.POSITIVE_INFINITY,
    throughMovement: Number.POSITIVE_INFINITY,
  });
  const { units, returned: back, balances } = withKept(read, catalog, book);
  const problems = [...read.problems, ...balanceProblems(catalog.books(), balances.values())];
  if (!isComplete(book, catalog)) problems.push(missingIn(book, catalog));
  if (read.movements !== book.movements) {
    problems.push(`${read.movements} movements, not ${book.movements}`);
  }
  if (read.cancellations !== book.cancellations) {
    problems.push(`${read.cancellations} cancellations, not ${book.cancellations}`);
  }
  if (read.orders !== book.orders) problems.push(`${read.orders} orders, not ${book.orders}`);
  for (const { id, name, sold, returned } of catalog.books()) {
    const inBook = back.get(id) ?? 0;
    if (inBook !== returned) {
      problems.push(`${name} (${id}): returned ${returned}, but ${inBook} by the cancellations`);
    }
    const ordered = units.get(id) ?? 0;
    if (ordered !== sold) problems.push(`${name} (${id}): sold ${sold}, but ordered ${ordered}`);
  }
  if (problems.length === 0) return;
  throw new BazarError('internal', `the copy does not balance: ${problems.join('; ')}`);
}

/**
 * The sums of the copied book with what the catalog copy still keeps: it enters the book when the copy
 * starts.
 */
function withKept(read: BookAnswer, catalog: CatalogMachine, book: BookCopy) {
  const units = new Map(read.units);
  for (const [number, bytes] of keptItems(catalog.sales)) {
    if (number <= book.orders) continue;
    const [, , lines] = decode(bytes) as Sale;
    for (const [id, , quantity] of lines) units.set(id, (units.get(id) ?? 0) + quantity);
  }
  const returned = new Map(read.returned);
  for (const [number, bytes] of keptItems(catalog.cancellations)) {
    if (number <= book.cancellations) continue;
    const [, , , lines, , restock] = decode(bytes) as Cancellation;
    if (!restock) continue;
    for (const [id, , quantity] of lines) returned.set(id, (returned.get(id) ?? 0) + quantity);
  }
  const balances = new Map(read.balances.map((balance) => [balance[0], balance]));
  for (const [number, bytes] of keptItems(catalog.movements)) {
    if (number <= book.movements) continue;
    const [, id, , , , , available, reserved] = decode(bytes) as Movement;
    balances.set(id, [id, available, reserved]);
  }
  return { units, returned, balances };
}
