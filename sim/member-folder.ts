/**
 * What both kinds of a member's folder do: production's own over the disk in memory (real-folder.ts)
 * and its quick twin (lean-folder.ts). Plain types; the rules about votes are the folder's own.
 */
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Doubt, Entry, SnapshotMachine } from '../src/consensus/types.js';
import type { SnapshotPort } from '../src/group/snapshot-port.js';
import type { SnapshotStore } from '../src/storage/snapshot-store.js';
import type { Journal } from '../src/storage/types.js';
import type { Life } from './process.js';

export const noMark: SnapshotMark = { seq: 0, epoch: 0, time: 0 };

/** What a life of a member starts with. */
export interface Opened {
  readonly journal: Journal;
  readonly entries: readonly Entry[];
  readonly learner: boolean;
  readonly incarnation: string;
}

/** The state machine of the service in this life; undefined at a witness. */
export interface Restorable {
  readonly saved: SnapshotMachine<unknown>;
  /** Brings the machine into the state of the newest whole snapshot, as production does. */
  restoreFrom(snapshots: SnapshotStore): Promise<SnapshotMark>;
}

/** What can be lost or cut short of a folder, one part at a time. */
export const parts = [
  ...(['journal', 'identity', 'snapshots'] as const),
  ...(['segment', 'segment-end', 'snapshot', 'snapshot-end'] as const),
];
export type Part = (typeof parts)[number];

/** The last batch of a journal, and the entries that are in the journal. */
export interface Tail {
  /** Everything up to this entry lies before the batch. */
  readonly afterSeq: number;
  readonly lastSeq: number;
  epochOf(seq: number): number | undefined;
  /**
   * Damages the batch, so that its records cannot be read but how many there are can. What is
   * damaged does not read as zeros.
   */
  damage(): void;
}

export interface MemberFolder {
  /** Throws a CorruptionError. @param repair cuts off what cannot be read, as a learner. */
  open(life: Life, repair: boolean): Promise<Opened>;
  restore(machine: Restorable | undefined): Promise<SnapshotMark>;
  /** What the damaged end of its log may have held. @param base its newest snapshot. */
  doubt(base: SnapshotMark): Doubt | undefined;
  /** Durable when it resolves. */
  save(mark: SnapshotMark, machine: SnapshotMachine<unknown>): Promise<void>;
  /** @param installed called with a snapshot of another member that is durable here. */
  snapshotPort(installed: (mark: SnapshotMark) => Promise<void>): SnapshotPort;
  /** Makes it durable that the member votes again. */
  admitted(): Promise<void>;
  /** The process is gone; with `power` the machine, and what its caches held. */
  crash(power: boolean): void;
  /** A new, empty folder. */
  lose(): void;
  /** Loses one part while the member is down. False where there is no such part. */
  losePart(part: Part): boolean;
  /** Bit rot in the newest part of the log or anywhere before. False where there is nothing. */
  rot(where: 'last' | 'older'): boolean;
  /** Undefined where the journal has no whole batch, or more than whole batches. */
  tail(): Promise<Tail | undefined>;
}
