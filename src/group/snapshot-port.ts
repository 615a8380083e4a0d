/**
 * Where a group's snapshots lie (docs/PROTOCOL.md, R11). The group only carries them between
 * members, part by part, with their place in the log; what is in them is nobody's here.
 */
import type { SnapshotMark } from '../consensus/messages.js';

/** A snapshot, open to be sent. */
export interface SnapshotImage {
  readonly mark: SnapshotMark;
  /** Its length as it travels. */
  readonly bytes: number;
  /**
   * The part that begins at this offset: 0, or the end of the part before. Rejects with a
   * CorruptionError where the file is not what was written; `latest` then tells of another.
   */
  read(offset: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A snapshot on its way from another member. */
export interface Incoming {
  /** The next part. Rejects with a CorruptionError where it is not what belongs there. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * All parts came: makes it durable as the newest one and brings the state machine into its
   * state. Nothing is applied until it resolves.
   */
  install(): Promise<void>;
  /** No more will come. */
  discard(): Promise<void>;
}

export interface SnapshotPort {
  /** The newest durable snapshot; undefined where there is none. */
  latest(): Promise<SnapshotImage | undefined>;
  /** Makes room for one that another member sends. */
  receive(mark: SnapshotMark): Incoming;
}
