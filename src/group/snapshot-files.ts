/**
 * Connects a group's snapshot files to its host: marks and parts. Does not depend on their content.
 */
import type { SnapshotMark } from '../consensus/messages.js';
import type { SnapshotStore } from '../storage/snapshot-store.js';
import type { SnapshotPort } from './snapshot-port.js';

/** Log position of the newest snapshot; zeros if there is none. Reads only its manifest. */
export async function newestMark(snapshots: SnapshotStore): Promise<SnapshotMark> {
  const newest = await snapshots.newest();
  if (!newest) return { seq: 0, epoch: 0, time: 0 };
  await newest.close();
  const { seq, epoch, time } = newest.mark;
  return { seq, epoch, time };
}

/**
 * Creates the port for a group's snapshots. `installed` is called with one that is durable here.
 */
export function snapshotPort(
  snapshots: SnapshotStore,
  installed: (mark: SnapshotMark) => Promise<void>,
): SnapshotPort {
  return {
    latest: () => snapshots.newest(),
    receive(mark) {
      const incoming = snapshots.receive();
      return {
        write: (bytes) => incoming.write(bytes),
        async install() {
          await incoming.finish();
          await installed(mark);
        },
        discard: () => incoming.discard(),
      };
    },
  };
}
