/**
 * Reads a stopped store from its data folder, or from a copy that `bazar backup` wrote. Holds the locks of
 * all members meanwhile, so that none starts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { logLimits } from '../../base/limits.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import { replayCatalog } from '../../catalog/service/recompute-job.js';
import { orderRow } from '../../catalog/tables/table-rows.js';
import { cancellationRow, movementRow } from '../../database/book-rows.js';
import type { CancellationRow, MovementRow, OrderRow } from '../../database/rows.js';
import { type FolderLock, lockFolder } from '../../storage/folder-lock.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { type JournalReader, openJournalReader } from '../../storage/read-journal.js';
import {
  type BookAddition,
  type BookCounts,
  followBook,
  isComplete,
  missingIn,
} from '../backup/copy-book.js';
import { newestLog } from '../backup/copy-catalog.js';
import { manifestName, readManifest } from '../backup/manifest.js';
import {
  batchesOf,
  firstKeys,
  heldCancellations,
  heldMovements,
  heldOrders,
  placeSales,
  runBegins,
  type StoreSource,
} from './store-source.js';

/** The folders of both groups' members. */
interface Members {
  readonly catalogs: readonly string[];
  readonly orders: readonly string[];
}

export async function openFolder(folder: string): Promise<StoreSource> {
  const isBackup = existsSync(join(folder, manifestName));
  if (isBackup) await readManifest(folder);
  const members = isBackup ? { catalogs: ['catalog'], orders: ['order'] } : membersIn(folder);
  const locks = isBackup ? [] : await lockAll(folder, members);
  let reader: JournalReader | undefined;
  const close = async (): Promise<void> => {
    await reader?.close();
    for (const lock of locks) lock.release();
  };
  try {
    const disk = createNodeDisk();
    const { name, end, promised } = await newestLog(disk, folder, members.catalogs);
    const machine = await replayCatalog({
      journalFolder: join(folder, name, 'journal'),
      snapshotFolder: join(folder, name, 'snapshots'),
      throughSeq: end.seq,
    });
    const book = await openBook(folder, members.orders, machine);
    reader = book;
    return {
      place: folder,
      machine,
      end: { ...end, time: Math.max(end.time, machine.lastLogTime) },
      epochs: {
        catalog: Math.max(promised, end.epoch),
        order: Math.max(book.promised.epoch, machine.newestOrderEpoch),
      },
      kept: firstKeys,
      orders: (from) => orders(machine, book, from),
      cancellations: (from) => cancellations(machine, book, from),
      movements: (from) => movements(machine, book, from),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function membersIn(folder: string): Members {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const of = (kind: string): string[] =>
    names.filter((name) => new RegExp(`^${kind}-\\d+$`).test(name)).sort();
  const members = { catalogs: of('catalog'), orders: of('order') };
  if (members.catalogs.length > 0 && members.orders.length > 0) return members;
  const message = `${folder} has no catalog and order replicas, and is no copy of bazar backup`;
  throw new BazarError('not_found', message);
}

async function lockAll(folder: string, { catalogs, orders }: Members): Promise<FolderLock[]> {
  const locks: FolderLock[] = [];
  try {
    for (const name of [...catalogs, ...orders]) locks.push(await lockFolder(join(folder, name)));
    return locks;
  } catch (cause) {
    for (const lock of locks) lock.release();
    if (!(cause instanceof BazarError) || cause.code !== 'conflict') throw cause;
    const remedy = 'stop the store with bazar down, or give a copy of bazar backup';
    throw new BazarError('conflict', `the store runs: ${cause.message}; ${remedy}`, { cause });
  }
}

/** The first book with all orders, cancellations and movements that the catalog no longer holds. */
async function openBook(
  folder: string,
  names: readonly string[],
  machine: CatalogMachine,
): Promise<JournalReader> {
  let fullest: BookCounts = { orders: 0, cancellations: 0, movements: 0 };
  for (const name of names) {
    const reader = await openJournalReader(createNodeDisk(), join(folder, name, 'journal'));
    try {
      const counts = { orders: 0, cancellations: 0, movements: 0 };
      for await (const added of readBook(machine, reader)) {
        counts.orders = added.sales.at(-1)?.[0] ?? counts.orders;
        counts.cancellations = added.cancellations.at(-1)?.[0] ?? counts.cancellations;
        counts.movements = added.movements.at(-1)?.[0] ?? counts.movements;
      }
      if (isComplete(counts, machine)) return reader;
      if (itemsIn(counts) > itemsIn(fullest)) fullest = counts;
    } catch (error) {
      await reader.close();
      throw error;
    }
    await reader.close();
  }
  const message = `no order replica in ${folder} has the whole book: the fullest has ${missingIn(fullest, machine)}`;
  throw new BazarError('unavailable', message);
}

function itemsIn({ orders, cancellations, movements }: BookCounts): number {
  return orders + cancellations + movements;
}

async function* readBook(
  machine: CatalogMachine,
  reader: JournalReader,
): AsyncGenerator<BookAddition> {
  const book = followBook(machine);
  for (let next = 1; next <= reader.lastSeq; ) {
    const entries = await reader.readEntries(next, logLimits.journalReadBytesMax);
    for (const entry of entries) {
      const addition = book.take(entry);
      if (addition === undefined) return;
      yield addition;
    }
    next += entries.length;
  }
}

/** The book, and then the sales that are not in it. */
async function* orders(
  machine: CatalogMachine,
  reader: JournalReader,
  from: number,
): AsyncGenerator<readonly OrderRow[]> {
  const view = machine.view();
  const seqOf = placeSales(view);
  let last = 0;
  for await (const { sales } of readBook(machine, reader)) {
    const rows = sales.map((sale) => orderRow(sale, seqOf(sale[0])));
    last = rows.at(-1)?.number ?? last;
    const wanted = rows.filter(({ number }) => number >= from);
    if (wanted.length > 0) yield wanted;
  }
  const held = heldOrders(view, Math.max(from, last + 1));
  if (held.length > 0) yield held;
}

/** The cancellations of the book, and then those that are not in it. */
async function* cancellations(
  machine: CatalogMachine,
  reader: JournalReader,
  from: number,
): AsyncGenerator<readonly CancellationRow[]> {
  const view = machine.view();
  const batchOf = batchesOf(view);
  let last = 0;
  for await (const { cancellations: some } of readBook(machine, reader)) {
    const rows = some.map((one) => cancellationRow(one, batchOf(one[0])));
    last = rows.at(-1)?.number ?? last;
    const wanted = rows.filter(({ number }) => number >= from);
    if (wanted.length > 0) yield wanted;
  }
  const held = heldCancellations(view, Math.max(from, last + 1));
  if (held.length > 0) yield held;
}

/** The movements of the book, and then those that are not in it. */
async function* movements(
  machine: CatalogMachine,
  reader: JournalReader,
  from: number,
): AsyncGenerator<readonly MovementRow[]> {
  const view = machine.view();
  const begins = runBegins(view);
  let last = 0;
  for await (const { movements: some } of readBook(machine, reader)) {
    last = some.at(-1)?.[0] ?? last;
    const wanted = some.filter(([number]) => number >= from);
    if (wanted.length > 0) yield wanted.map((one) => movementRow(one, begins(one[0])));
  }
  const held = heldMovements(view, Math.max(from, last + 1));
  if (held.length > 0) yield held;
}
