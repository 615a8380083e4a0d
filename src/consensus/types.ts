/**
 * The types of the replicated log: entries, journal records, and the interface of a state machine. The
 * words are those of Raft, except that an epoch is Raft's term.
 */

export type MemberId = string;

/** A place in a log. Compared by epoch first, then by seq (docs/PROTOCOL.md, R4). */
export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

export interface Entry {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly epoch: number;
  /** Log time in milliseconds: does not decrease, and advances by at most 15 s for each entry (A25). */
  readonly time: number;
  /** The state machine decodes it at apply. Empty: the opening entry of an epoch (A3). */
  readonly command: Uint8Array;
}

/**
 * The damaged end of a journal. This member may have acknowledged entries at these positions, and made a
 * promise, that it can no longer read (docs/PROTOCOL.md, R10).
 */
export interface Doubt {
  /** Everything up to this entry is intact. */
  readonly afterSeq: number;
  /** The last entry that may have been there, or undefined if it cannot be determined. */
  readonly throughSeq: number | undefined;
  /** The epoch promised in the rest of the journal. Absent: the current promise. */
  readonly promised?: number | undefined;
  /** The operator accepts the loss of entries that no member of the group has (R10). */
  readonly accepted?: boolean | undefined;
}

/**
 * Names one admission of a voter that had lost its disk: the epoch of the leader that admitted it,
 * and the version of that leader's table (docs/PROTOCOL.md, R3).
 */
export interface Stamp {
  readonly epoch: number;
  readonly version: number;
}

/** The latest stamp of every voter that was admitted after a loss; founding voters have none. */
export type Admissions = ReadonlyMap<MemberId, Stamp>;

/** What a voter said of itself when it agreed or promised; the position is the end of its log. */
export interface Ballot extends Position {
  /** Its disk was lost or cut, and no leader has admitted it since. */
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  /** The promise was given after this admission of the giver. */
  readonly stamp: Stamp | undefined;
}

export type Ballots = ReadonlyMap<MemberId, Ballot>;

/** Why a candidacy, or a lead, ended without a majority. */
export type CandidacyFailure =
  /** Too few voters answered to make a majority. */
  | 'unreachable'
  /** Voters answered, but a majority did not agree in time. */
  | 'refused'
  /** A majority agreed, but doubtful members may have held entries that no member is known to have. */
  | 'doubtful'
  /** A majority agreed to the pre-vote, but did not promise in time. */
  | 'unpromised'
  /** The source of the missing entries did not answer, or its answers brought nothing new. */
  | 'stalled'
  /** The database did not confirm the lead, or another replica has taken it (docs/SQL-ENGINE.md). */
  | 'unconfirmed'
  /** This member led, and no majority acknowledged its heartbeats. */
  | 'unacknowledged'
  /** This member led, no frontend checked it, and another was nominated. */
  | 'unattended';

export interface FailedCandidacy {
  readonly reason: CandidacyFailure;
  readonly atMs: number;
}

/** A promise as it stands in the journal, with the table of admissions known by then. */
export interface PromiseRecord {
  readonly epoch: number;
  readonly leader: MemberId;
  /** Absent: empty. */
  readonly admitted?: Admissions | undefined;
}

/** The records of a replica's journal, in the order in which they became durable. */
export type LogRecord =
  | ({ readonly kind: 'promise' } & PromiseRecord)
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'truncate'; readonly from: number };

/**
 * A deterministic state machine. At apply it decides from its state and the entry alone: no clock, no
 * randomness, no await (docs/PROTOCOL.md, R7).
 */
export interface StateMachine<Result> {
  apply(entry: Entry): Result;
  /** Equal on every replica at equal seq (I4). */
  hash(): string;
  invariants(): void;
}

/** A state machine whose whole state can replace the log that produced it (R11). */
export interface SnapshotMachine<Result> extends StateMachine<Result> {
  /** The state in pieces of bytes; each piece is made when the caller requests it. */
  snapshot(): Iterable<Uint8Array>;
  /** Restores the state from the pieces and replaces the previous state. */
  restore(pieces: Iterable<Uint8Array>): void;
}
