/** Brings an empty machine into the state of the newest snapshot, where there is one. */
import { assert } from '../base/assert.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { SnapshotStore } from '../storage/snapshot-store.js';
import type { CatalogMachine } from './catalog-machine.js';

/** Resolves to the snapshot's place in the log; zeros where there is none. */
export async function restoreCatalog(
  snapshots: SnapshotStore,
  machine: CatalogMachine,
): Promise<SnapshotMark> {
  const newest = await snapshots.load();
  if (!newest) return { seq: 0, epoch: 0, time: 0 };
  machine.restore(newest.state);
  assert(machine.hash() === newest.hash, 'a restored state has the hash that it was saved with');
  const { seq, epoch, time } = newest;
  return { seq, epoch, time };
}
