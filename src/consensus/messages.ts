/**
 * The messages between members of a group (docs/PROTOCOL.md, 3), as plain data; `src/net` and `src/wire`
 * transport and encode them. Every message names an epoch, and an answer repeats the fields that
 * identify its request.
 */
import type { Admissions, Doubt, Entry, Position, Stamp } from './types.js';

/** How complete the data of a member is that agrees or promises (A8). */
export interface Standing {
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  /** The end of its log. */
  readonly last: Position;
}

/** R1: asks whether the voter would promise. */
export interface Prevote {
  readonly kind: 'prevote';
  readonly epoch: number;
  /** The nominee does not count learners as voters. Absent from older builds: no learner agrees. */
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
  /** The admissions known to the nominee. Absent from older builds: no learner promises. */
  readonly admitted?: Admissions | undefined;
}
export interface Promised {
  readonly kind: 'promised';
  readonly epoch: number;
  readonly agreed: boolean;
  readonly promised: number;
  /** The end of the log, with queued writes included. */
  readonly last: Position;
  /** Absent from older builds and from refusals. */
  readonly giver?: Giver | undefined;
}
/** The standing of the member that promises, and the admissions known to it. */
export interface Giver {
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  /** The member gave this promise after this admission. */
  readonly stamp: Stamp;
  readonly admitted: Admissions;
}

/**
 * R4: asks for the entries that the nominee lacks, after `end` if the source has it, else after
 * `commit`.
 */
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

/** R5. Without entries it is a heartbeat, a probe, a read round, or an update of commit and visible. */
export interface Append {
  readonly kind: 'append';
  readonly epoch: number;
  readonly prev: Position;
  readonly entries: readonly Entry[];
  readonly commit: number;
  readonly visible: number;
  /** Sent only until the member has it. */
  readonly round: number;
  /** True for a heartbeat, which waits for the leader's journal (A7). */
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
  /** If ok: the durable prefix that equals the leader's. Otherwise a position at which to try again. */
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
/** Tells the sender of a lower epoch which epoch is promised. */
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
  /** Undefined if the leader cannot give a position now. */
  readonly position: number | undefined;
}

/** R10: the learner votes again once it matches this position and has the table, both durably. */
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
/** R11: a recovery server asks the leader for its newest snapshot, to drop the log before it. */
export interface SnapshotRequest {
  readonly kind: 'snapshot-request';
  /** The end of the newest snapshot that the recovery server has; it needs a later one. */
  readonly after: number;
}
/** R11: a piece of a snapshot, for a member that needs entries from before the log's start. */
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
