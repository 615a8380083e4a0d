/**
 * How a witness keeps its log short (docs/PROTOCOL.md, R11): it takes the leader's snapshot as
 * bytes and drops what lies before the snapshot before it. Knows nothing of who leads. Invariant:
 * the log goes back to the older of the two snapshots that are kept, should the newest be damaged.
 */
import { storageLimits } from '../base/limits.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { LogFolder } from '../group/folder.js';
import { snapshotPort } from '../group/snapshot-files.js';
import type { SnapshotPort } from '../group/snapshot-port.js';

/**
 * A witness waits for so many times what a catalog waits for, so that there is a newer snapshot
 * when it asks for one.
 */
const patience = 1.5;

export interface Shortening {
  readonly port: SnapshotPort;
  isDue(): boolean;
}

export interface ShorteningOptions {
  /** The newest snapshot in the folder. */
  readonly base: SnapshotMark;
  /** Closed journal that is worth a snapshot to a catalog. */
  readonly everyBytes: number;
}

export function shorten(
  { journal, snapshots }: Pick<LogFolder, 'journal' | 'snapshots'>,
  { base, everyBytes }: ShorteningOptions,
): Shortening {
  const segmentsMax = Math.ceil((patience * everyBytes) / storageLimits.segmentBytes);
  let newest = base.seq;
  const port = snapshotPort(snapshots, async ({ seq }) => {
    const older = newest;
    newest = seq;
    await journal.dropBefore(older + 1);
  });
  return {
    port,
    isDue() {
      const behind = journal.closedSegments().filter(({ lastSeq }) => lastSeq > newest);
      return behind.length >= segmentsMax;
    },
  };
}
