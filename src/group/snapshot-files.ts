/** A group's snapshots between its folder and its host: marks and parts, without what is in them. */
import type { SnapshotMark } from '../consensus/messages.js';
import type { SnapshotStore } from '../storage/snapshot-store.js';
import type { SnapshotPort } from './snapshot-port.js';

/** The newest one's place in the log; zeros where there is none. Reads its manifest alone. */
export async function newestMark(snapshots: SnapshotStore): Promise<SnapshotMark> {
  const newest = await snapshots.newest();
  if (!newest) return { seq: 0, epoch: 0, time: 0 };
  await newest.close();
  const { seq, epoch, time } = newest.mark;
  return { seq, epoch, time };
}

/** How a group carries its snapshots; `installed` is called with one that is durable here. */
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
