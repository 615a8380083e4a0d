/**
 * How a recovery server keeps its log short (docs/PROTOCOL.md, R11). It takes the leader's snapshot
 * as bytes and drops the log before the previous snapshot. Invariant: the log reaches back to the
 * older of the two kept snapshots, in case the newest is damaged.
 */
import { storageLimits } from '../base/limits.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { LogFolder } from '../group/folder.js';
import { snapshotPort } from '../group/snapshot-files.js';
import type { SnapshotPort } from '../group/snapshot-port.js';

/**
 * A recovery server waits for this multiple of a catalog's interval, so that a newer snapshot
 * exists when it asks for one.
 */
const patience = 1.5;

export interface Shortening {
  readonly port: SnapshotPort;
  isDue(): boolean;
}

export interface ShorteningOptions {
  /** The newest snapshot in the folder. */
  readonly base: SnapshotMark;
  /** The amount of closed journal after which a catalog takes a snapshot. */
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
