/**
 * A job: recomputes the catalog's state from its newest snapshot and its journal up to a given
 * entry, with the `apply` that serves. It reads the files of a running service and changes nothing.
 */
import { type Rest, restless } from '../../base/pace.js';
import { readLog } from '../../group/read-log.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { SnapshotStore } from '../../storage/snapshot-store.js';
import type { ProductBook } from '../../wire/audit-messages.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import type { Book } from '../machine/products.js';
import { newMachine } from './new-machine.js';
import { restoreCatalog } from './restore.js';

export interface ReplayArgs {
  readonly journalFolder: string;
  readonly snapshotFolder: string;
  readonly throughSeq: number;
}

export interface RecomputeAnswer {
  readonly hash: string;
  readonly books: readonly ProductBook[];
  readonly lastCancellation: number;
  readonly lastMovement: number;
}

export async function recompute(args: ReplayArgs): Promise<RecomputeAnswer> {
  const machine = await replayCatalog(args);
  const books = machine.books().map(toBook);
  const { cancellations, movements } = machine;
  const last = { lastCancellation: cancellations.last, lastMovement: movements.last };
  return { hash: machine.hash(), books, ...last };
}

function toBook({ id, name, received, sold, stock, reserved, returned }: Book): ProductBook {
  return [id, name, received, sold, stock, reserved, returned];
}

/** Returns a machine in the state just after the entry was applied. */
export async function replayCatalog(
  args: ReplayArgs,
  rest: Rest = restless,
): Promise<CatalogMachine> {
  const { journalFolder, snapshotFolder, throughSeq } = args;
  const disk = createNodeDisk();
  const machine = newMachine();
  const snapshots = new SnapshotStore(disk, snapshotFolder);
  const base = await restoreCatalog(snapshots, machine, { throughSeq, rest });
  const range = { fromSeq: base.seq + 1, throughSeq };
  await readLog(disk, journalFolder, range, (entry) => machine.apply(entry), rest);
  return machine;
}
