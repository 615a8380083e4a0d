/** Brings a machine into the state of a snapshot: its own newest at start, or another member's. */
import { assert } from '../base/assert.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { LogFolder } from '../group/folder.js';
import { latestImage } from '../group/snapshot-files.js';
import type { SnapshotPort } from '../group/snapshot-port.js';
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

/** How this replica's group carries its snapshots between members. */
export function snapshotPort({ snapshots }: LogFolder, machine: CatalogMachine): SnapshotPort {
  return {
    latest: () => latestImage(snapshots),
    async install({ bytes }) {
      const { state, hash } = await snapshots.saveBytes(bytes);
      machine.restore(state);
      assert(machine.hash() === hash, 'a state from another member has the hash it was sent with');
    },
  };
}
