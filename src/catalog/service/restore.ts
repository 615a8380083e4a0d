/**
 * Restores a machine from a snapshot: from its own newest one at start, or from another member's.
 */
import type { Logger } from '../../base/logging.js';
import type { Rest } from '../../base/pace.js';
import type { SnapshotMark } from '../../consensus/messages.js';
import { CorruptionError } from '../../storage/corruption.js';
import type { SnapshotStore } from '../../storage/snapshot-store.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';

export interface RestoreOptions {
  readonly throughSeq?: number;
  readonly logger?: Logger;
  readonly rest?: Rest;
}

/**
 * Resolves to the snapshot's log position, or zeros if there is none. Ignores snapshots of entries
 * after `throughSeq`.
 */
export async function restoreCatalog(
  snapshots: SnapshotStore,
  machine: CatalogMachine,
  { throughSeq, logger, rest }: RestoreOptions = {},
): Promise<SnapshotMark> {
  let restore = machine.beginRestore();
  const loaded = await snapshots.load(
    () => {
      restore = machine.beginRestore();
      return (piece) => restore.take(piece);
    },
    throughSeq,
    rest,
  );
  if (!loaded) return { seq: 0, epoch: 0, time: 0 };
  const { seq, epoch, time, hash, path, passedOver } = loaded;
  if (passedOver)
    logger?.error(
      { error: passedOver.message, seq },
      'the newest snapshot is damaged, an older one is used',
    );
  restore.finish();
  if (machine.hash() === hash) return { seq, epoch, time };
  throw new CorruptionError(path, 0, 'content', 'the restored state differs from the saved one');
}
