/**
 * Copies a store that may be running: first the catalog, then the order book up to the sales that
 * the catalog copy covers. It only reads the members' folders. If a file changes during the read,
 * the copy starts again.
 */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';
import { CorruptionError } from '../../storage/corruption.js';
import { isInDatabase } from '../../storage/identity.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { checkCopy } from './check-copy.js';
import { type BookCopy, copyBook } from './copy-book.js';
import { type CatalogCopy, copyCatalog } from './copy-catalog.js';
import { type BackupManifest, writeManifest } from './manifest.js';

const attemptsMax = 10;
const retryMs = 200;

export interface BackupOptions {
  readonly dataDir: string;
  /** Created if missing; must be empty. */
  readonly folder: string;
  readonly clock: Clock;
  readonly report: (phase: string) => void;
}

export async function backUp(options: BackupOptions): Promise<BackupManifest> {
  const { dataDir, folder, clock, report } = options;
  const disk = createNodeDisk();
  if (await isInDatabase(disk, dataDir)) {
    const message = `the store of ${dataDir} is in a database: back it up there, for example with pg_dump`;
    throw new BazarError('conflict', message);
  }
  await claim(folder);
  const catalogs = membersIn(dataDir, 'catalog');
  const orders = membersIn(dataDir, 'order');
  report('copying the catalog');
  const catalogFolder = join(folder, 'catalog');
  const catalog: CatalogCopy = await again(clock, catalogFolder, () =>
    copyCatalog(disk, dataDir, catalogs, catalogFolder),
  );
  report('copying the order book');
  const orderFolder = join(folder, 'order');
  let turn = 0;
  const book: BookCopy & { from: string } = await again(clock, orderFolder, async () => {
    // Another replica may have more orders than this one.
    const from = orders[turn++ % orders.length] ?? '';
    const copied = await copyBook(disk, join(dataDir, from), orderFolder, catalog.machine);
    return { ...copied, from };
  });
  report('checking the books of the copy');
  await checkCopy(catalog.machine, book, orderFolder);
  const { machine, end, from } = catalog;
  const { productCount: products, lastSale: sales } = machine;
  return writeManifest(folder, {
    made_at: new Date(clock.wallMs()).toISOString(),
    catalog: { from, ...end, products, sales, state: machine.hash() },
    order: { from: book.from, seq: book.seq, orders: book.orders },
  });
}

async function claim(folder: string): Promise<void> {
  makePrivateFolder(folder);
  if (readdirSync(folder).length > 0) {
    throw new BazarError('conflict', `${folder} is not empty: a copy needs an empty folder`);
  }
}

function membersIn(dataDir: string, kind: 'catalog' | 'order'): string[] {
  const names = existsSync(dataDir) ? readdirSync(dataDir) : [];
  const members = names.filter((name) => new RegExp(`^${kind}-\\d+$`).test(name)).sort();
  if (members.length > 0) return members;
  const message = `${dataDir} has no ${kind} replica: --data-dir must name the store's data folder`;
  throw new BazarError('not_found', message);
}

/**
 * A running store packs and removes files while the copy reads them. The copy of that half then
 * starts again.
 */
async function again<T>(clock: Clock, folder: string, copy: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await copy();
    } catch (error) {
      if (!mayPass(error) || attempt === attemptsMax) throw error;
    }
    await rm(folder, { recursive: true, force: true });
    await sleep(clock, retryMs);
  }
}

function mayPass(error: unknown): boolean {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return isGone || error instanceof CorruptionError || toBazarError(error).code === 'unavailable';
}
