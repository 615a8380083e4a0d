/**
 * Where a group's snapshots lie (docs/PROTOCOL.md, R11). The group only carries them between
 * members, as opaque bytes with their place in the log.
 */
import type { SnapshotMark } from '../consensus/messages.js';

export interface SnapshotImage {
  readonly mark: SnapshotMark;
  readonly bytes: Uint8Array;
}

export interface SnapshotPort {
  /** The newest durable snapshot; undefined where there is none. */
  latest(): Promise<SnapshotImage | undefined>;
  /**
   * A snapshot came from another member: make it durable as the newest one and bring the state
   * machine into its state. Nothing is applied until it resolves.
   */
  install(image: SnapshotImage): Promise<void>;
}
