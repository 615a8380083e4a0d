/**
 * Writes a store as a folder that `bazar restore` reads: the catalog as one snapshot, the order book as
 * a log that has all orders.
 */
import { join } from 'node:path';
import { logLimits, purchaseLimits } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import { toCancellation, toMovement, toSale } from '../../database/book-rows.js';
import type { OrderRow } from '../../database/rows.js';
import { rulesOfCancellations, rulesOfMovements } from '../../order/book-position.js';
import { movementsCommand } from '../../order/movement-command.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { SnapshotStore } from '../../storage/snapshot-store.js';
import { encode } from '../../wire/codec.js';
import type { OrderCommand } from '../../wire/internal.js';
import { checkCopy } from '../backup/check-copy.js';
import { writeJournal } from '../backup/copy-log.js';
import { writeManifest } from '../backup/manifest.js';
import type { StoreSource } from './store-source.js';
import type { Report } from './write-tables.js';

/** Each may have a hundred lines. */
const cancellationsBatch = 64;
/** Items of one stream, as in a command of the order log. */
type Stream = 'orders' | 'cancellations' | 'movements';
/** No replica promised these epochs; each later leader has a higher one. */
const noLeader = '';

export async function writeBackup(
  source: StoreSource,
  folder: string,
  madeAt: string,
  report: Report,
): Promise<void> {
  const { machine, end, epochs, place } = source;
  const disk = createNodeDisk();
  const book = { seq: 0, orders: 0, cancellations: 0, movements: 0 };
  const orderFolder = join(folder, 'order');
  const promise = (epoch: number) => ({ epoch, leader: noLeader });
  await writeJournal(
    disk,
    join(orderFolder, 'journal'),
    promise(epochs.order),
    bookEntries(source, (entry, kind, last) => {
      Object.assign(book, { seq: entry.seq, [kind]: last });
      if (kind === 'orders') report('orders', last, machine.lastSale);
    }),
  );
  const catalog = join(folder, 'catalog');
  const label = { ...end, hash: machine.hash() };
  await new SnapshotStore(disk, join(catalog, 'snapshots')).save(label, machine.snapshot());
  const none = (async function* (): AsyncGenerator<readonly Entry[]> {})();
  await writeJournal(disk, join(catalog, 'journal'), promise(epochs.catalog), none);
  await checkCopy(machine, book, orderFolder);
  const { productCount: products, lastSale: sales } = machine;
  await writeManifest(folder, {
    made_at: madeAt,
    catalog: { from: place, seq: end.seq, epoch: end.epoch, products, sales, state: label.hash },
    order: { from: place, seq: book.seq, orders: book.orders },
  });
}

/**
 * Entries of the order group's log, each with at most `salesBatch` orders, cancellations or movements. A book
 * with cancellations or movements begins with the rules that have them.
 */
async function* bookEntries(
  { machine, orders, cancellations, movements, epochs }: StoreSource,
  took: (entry: Entry, kind: Stream, last: number) => void,
): AsyncGenerator<readonly Entry[]> {
  let seq = 0;
  const entryOf = (command: OrderCommand): Entry => {
    return { seq: ++seq, epoch: epochs.order, time: 0, command: encode(command) };
  };
  if (machine.movements.last > 0) yield [entryOf(['rules', rulesOfMovements])];
  else if (machine.cancellations.last > 0) yield [entryOf(['rules', rulesOfCancellations])];
  for await (const rows of orders(1)) {
    for (const batch of batches(rows)) {
      const sales = batch.map(toSale);
      const [first = 0] = sales[0] ?? [];
      const entry = entryOf(['orders', first, sales.length, encode(sales)]);
      yield [entry];
      took(entry, 'orders', first + sales.length - 1);
    }
  }
  for await (const batch of cancellations(1)) {
    for (let at = 0; at < batch.length; at += cancellationsBatch) {
      const some = batch.slice(at, at + cancellationsBatch).map(toCancellation);
      const [first = 0] = some[0] ?? [];
      const entry = entryOf(['cancellations', first, some.length, encode(some)]);
      yield [entry];
      took(entry, 'cancellations', first + some.length - 1);
    }
  }
  for await (const batch of movements(1)) {
    for (let at = 0; at < batch.length; at += purchaseLimits.salesBatch) {
      const some = batch.slice(at, at + purchaseLimits.salesBatch).map(toMovement);
      const [first = 0] = some[0] ?? [];
      const entry = entryOf(movementsCommand([first, some.length, encode(some)]));
      yield [entry];
      took(entry, 'movements', first + some.length - 1);
    }
  }
}

function* batches(rows: readonly OrderRow[]): Generator<readonly OrderRow[]> {
  let from = 0;
  let lines = 0;
  for (const [at, row] of rows.entries()) {
    const isFull = at - from >= purchaseLimits.salesBatch;
    if (at > from && (isFull || lines + row.lines.length > logLimits.entryLinesMax)) {
      yield rows.slice(from, at);
      from = at;
      lines = 0;
    }
    lines += row.lines.length;
  }
  if (from < rows.length) yield rows.slice(from);
}
