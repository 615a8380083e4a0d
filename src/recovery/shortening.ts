/**
 * How a witness keeps its log short (docs/PROTOCOL.md, R11): it takes the leader's snapshot as
 * bytes and drops what lies before the snapshot before it. Knows nothing of who leads. Invariant:
 * the log goes back to the older of the two snapshots that are kept, should the newest be damaged.
 */
import type { SnapshotMark } from '../consensus/messages.js';
import type { LogFolder } from '../group/folder.js';
import { snapshotPort } from '../group/snapshot-files.js';
import type { SnapshotPort } from '../group/snapshot-port.js';

/** With so many closed segments behind its newest snapshot a witness asks for another one. */
const segmentsMax = 6;

export interface Shortening {
  readonly port: SnapshotPort;
  isDue(): boolean;
}

/** `base` is the newest snapshot in the folder. */
export function shorten({ journal, snapshots }: LogFolder, base: SnapshotMark): Shortening {
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
