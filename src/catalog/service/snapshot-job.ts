/**
 * A job: makes the catalog's next snapshot from the last one and the journal, with the `apply` that
 * serves, so that the owner never traverses its whole state (docs/ARCHITECTURE.md, Threads; R11).
 */
import { waitingClock } from '../../base/clock.js';
import { restful, restless } from '../../base/pace.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { SnapshotStore } from '../../storage/snapshot-store.js';
import { type ReplayArgs, replayCatalog } from './recompute-job.js';

export interface SnapshotArgs extends ReplayArgs {
  readonly epoch: number;
  readonly time: number;
  /** True if the journal grows faster than snapshots are made. */
  readonly isHurried: boolean;
}

/**
 * Resolves to the size in bytes when the snapshot is durable. Runs slowly unless hurried, to leave
 * CPU time to purchases.
 */
export async function makeSnapshot(args: SnapshotArgs): Promise<number> {
  const rest = args.isHurried ? restless : restful(waitingClock);
  const machine = await replayCatalog(args, rest);
  const { throughSeq: seq, epoch, time, snapshotFolder } = args;
  const store = new SnapshotStore(createNodeDisk(), snapshotFolder);
  return store.save({ seq, epoch, time, hash: machine.hash() }, machine.snapshot(), rest);
}
