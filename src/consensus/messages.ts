/**
 * What members of a group say to each other (docs/PROTOCOL.md, 3). Plain data: how they travel is
 * the network's matter. Every message is bound to an epoch; an answer repeats what it answers.
 */
import type { Admissions, Doubt, Entry, Position, Stamp } from './types.js';

/** How far a member can be believed that agrees or promises (A8). */
export interface Standing {
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  /** The end of its log. */
  readonly last: Position;
}

/** R1: would you promise? */
export interface Prevote {
  readonly kind: 'prevote';
  readonly epoch: number;
  /** The nominee does not count a learner as a voter. Absent from older builds: no learner agrees. */
  readonly apart?: boolean;
}
export interface Prevoted {
  readonly kind: 'prevoted';
  readonly epoch: number;
  readonly agreed: boolean;
  readonly promised: number;
  readonly standing?: Standing | undefined;
}

/** R2, R3. */
export interface Prepare {
  readonly kind: 'prepare';
  readonly epoch: number;
  /** The admissions that the nominee knows. Absent from older builds: no learner promises. */
  readonly admitted?: Admissions | undefined;
}
export interface Promised {
  readonly kind: 'promised';
  readonly epoch: number;
  readonly agreed: boolean;
  readonly promised: number;
  /** Log end, queued writes included. */
  readonly last: Position;
  /** Absent from older builds and from refusals. */
  readonly giver?: Giver | undefined;
}
/** What the giver of a promise knows of itself and of others. */
export interface Giver {
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  /** This promise was given after this admission of the giver. */
  readonly stamp: Stamp;
  readonly admitted: Admissions;
}

/** R4: what the nominee misses, from `end` on where the source has it, else after `commit`. */
export interface Fetch {
  readonly kind: 'fetch';
  readonly epoch: number;
  readonly commit: number;
  readonly end: Position;
}
export interface Fetched {
  readonly kind: 'fetched';
  readonly epoch: number;
  readonly prev: Position;
  readonly entries: readonly Entry[];
}

/** R5. Without entries: a heartbeat, a probe, a read round, or news of commit and visible. */
export interface Append {
  readonly kind: 'append';
  readonly epoch: number;
  readonly prev: Position;
  readonly entries: readonly Entry[];
  readonly commit: number;
  readonly visible: number;
  /** The latest round of reads that was begun before this left (R9). */
  readonly round: number;
  /** A heartbeat, which has queued behind the leader's journal (A7). */
  readonly live: boolean;
  /** Only until the member has it. */
  readonly table?: Table | undefined;
}
/** The leader's admissions; versions of one epoch count up from 1. */
export interface Table {
  readonly version: number;
  readonly admitted: Admissions;
}
export interface Appended {
  readonly kind: 'appended';
  readonly epoch: number;
  readonly ok: boolean;
  /** Where ok: the durable prefix that equals the leader's. Else a place at which to try again. */
  readonly match: number;
  /** The epoch of the entry at `match`. */
  readonly matchEpoch: number;
  /** `prev.seq` of the append. */
  readonly prevSeq: number;
  readonly round: number;
  readonly live: boolean;
  readonly learner: boolean;
  /** The version of the leader's table that is durable here; 0: none. Absent from older builds. */
  readonly table?: number | undefined;
}
/** The sender of an epoch below the promised one learns of it. */
export interface Stale {
  readonly kind: 'stale';
  readonly epoch: number;
  readonly promised: number;
}

/** R9: a replica asks the leader for its read position. */
export interface Read {
  readonly kind: 'read';
  readonly id: number;
}
export interface ReadAt {
  readonly kind: 'read-at';
  readonly id: number;
  /** Undefined: not now. */
  readonly position: number | undefined;
}

/** R10: the learner votes again once it matches this position and has the table, durably. */
export interface Admit {
  readonly kind: 'admit';
  readonly epoch: number;
  readonly position: number;
  /** Absent from older builds, which cannot tell a learner's old promises from new ones. */
  readonly admitted?: Admissions | undefined;
}

/** The place of a snapshot in the log. */
export interface SnapshotMark {
  readonly seq: number;
  readonly epoch: number;
  readonly time: number;
}
/** R11: a witness asks the leader for its newest snapshot, to drop the log before it. */
export interface SnapshotRequest {
  readonly kind: 'snapshot-request';
  /** The end of the one that it has; an older one is of no use to it. */
  readonly after: number;
}
/** R11: a piece of a snapshot, for a member that the log no longer reaches. */
export interface Chunk {
  readonly kind: 'chunk';
  readonly epoch: number;
  readonly mark: SnapshotMark;
  readonly offset: number;
  readonly total: number;
  readonly checksum: number;
  readonly bytes: Uint8Array;
}
export interface Chunked {
  readonly kind: 'chunked';
  readonly epoch: number;
  readonly seq: number;
  /** Everything before it has arrived. */
  readonly offset: number;
}

export type Message =
  | Prevote
  | Prevoted
  | Prepare
  | Promised
  | Fetch
  | Fetched
  | Append
  | Appended
  | Stale
  | Read
  | ReadAt
  | Admit
  | SnapshotRequest
  | Chunk
  | Chunked;
