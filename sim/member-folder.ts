/**
 * The common interface of a member's folder: production's over the in-memory disk (real-folder.ts) and
 * its fast model (lean-folder.ts). Plain types; each folder implements the rules about votes.
 */
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Doubt, Entry, SnapshotMachine } from '../src/consensus/types.js';
import type { SnapshotPort } from '../src/group/snapshot-port.js';
import type { SnapshotStore } from '../src/storage/snapshot-store.js';
import type { Journal } from '../src/storage/types.js';
import type { Life } from './process.js';

export const noMark: SnapshotMark = { seq: 0, epoch: 0, time: 0 };

/** The initial state of a member's life. */
export interface Opened {
  readonly journal: Journal;
  readonly entries: readonly Entry[];
  readonly learner: boolean;
  readonly incarnation: string;
}

/** The state machine of the service in this life; undefined at a recovery server. */
export interface Restorable {
  readonly saved: SnapshotMachine<unknown>;
  /** Restores the newest whole snapshot, as production does. */
  restoreFrom(snapshots: SnapshotStore): Promise<SnapshotMark>;
}

/** The parts of a folder that can be lost or truncated. */
export const parts = [
  ...(['journal', 'identity', 'snapshots'] as const),
  ...(['segment', 'segment-end', 'snapshot', 'snapshot-end'] as const),
];
export type Part = (typeof parts)[number];

/** The last batch of a journal, and the entries in the journal. */
export interface Tail {
  /** Everything up to this entry lies before the batch. */
  readonly afterSeq: number;
  readonly lastSeq: number;
  /** The epoch promised before the batch, or 0. */
  readonly promisedBefore: number;
  epochOf(seq: number): number | undefined;
  /**
   * Damages the batch, so that its records cannot be read but their number can. Damaged bytes do not
   * read as zeros.
   */
  damage(): void;
}

export interface MemberFolder {
  /** Throws a CorruptionError. @param repair cuts off what cannot be read, as a learner. */
  open(life: Life, repair: boolean): Promise<Opened>;
  restore(machine: Restorable | undefined): Promise<SnapshotMark>;
  /** The content that the damaged end of its log may have held. @param base its newest snapshot. */
  doubt(base: SnapshotMark): Doubt | undefined;
  /** Durable when it resolves. */
  save(mark: SnapshotMark, machine: SnapshotMachine<unknown>): Promise<void>;
  /** @param installed called with another member's snapshot that is durable here. */
  snapshotPort(installed: (mark: SnapshotMark) => Promise<void>): SnapshotPort;
  /** Records durably that the member votes again. */
  admitted(): Promise<void>;
  /** The process has crashed; with `power` the machine too, with the content of its caches. */
  crash(power: boolean): void;
  /** A new, empty folder. */
  lose(): void;
  /** Loses one part while the member is down. Returns false if there is no such part. */
  losePart(part: Part): boolean;
  /** Flips bits in the newest part of the log or before. Returns false if there is none. */
  rot(where: 'last' | 'older'): boolean;
  /** Undefined if the journal has no whole batch, or other bytes after the batches. */
  tail(): Promise<Tail | undefined>;
}
