/** A group's snapshots between its folder and its host: marks and bytes, without what is in them. */
import type { SnapshotMark } from '../consensus/messages.js';
import type { SnapshotStore } from '../storage/snapshot-store.js';
import type { SnapshotImage } from './snapshot-port.js';

/** The newest one's place in the log; zeros where there is none. */
export async function newestMark(snapshots: SnapshotStore): Promise<SnapshotMark> {
  return (await latestImage(snapshots))?.mark ?? { seq: 0, epoch: 0, time: 0 };
}

export async function latestImage(snapshots: SnapshotStore): Promise<SnapshotImage | undefined> {
  const newest = await snapshots.loadBytes();
  if (!newest) return undefined;
  const { seq, epoch, time } = newest.snapshot;
  return { mark: { seq, epoch, time }, bytes: newest.bytes };
}
