/**
 * The port to a group's snapshots (docs/PROTOCOL.md, R11). The group transfers them between
 * members, part by part, with their log position, and does not depend on their content.
 */
import type { SnapshotMark } from '../consensus/messages.js';

/** An open snapshot to be sent. */
export interface SnapshotImage {
  readonly mark: SnapshotMark;
  /** Its size as transferred. */
  readonly bytes: number;
  /**
   * The part that begins at this offset: 0, or the end of the part before. Rejects with a
   * CorruptionError if the file is damaged; `latest` then returns another snapshot.
   */
  read(offset: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A snapshot that arrives from another member. */
export interface Incoming {
  /** Writes the next part. Rejects with a CorruptionError if it is not the expected one. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Call after the last part: makes the snapshot durable as the newest one and restores the state
   * machine from it. Nothing is applied until it resolves.
   */
  install(): Promise<void>;
  /** Discards the snapshot; no more parts will come. */
  discard(): Promise<void>;
}

export interface SnapshotPort {
  /** The newest durable snapshot; undefined if there is none. */
  latest(): Promise<SnapshotImage | undefined>;
  /** Prepares to receive a snapshot from another member. */
  receive(mark: SnapshotMark): Incoming;
}
