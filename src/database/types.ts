/**
 * A group's log in an SQL database, as the group uses it. The core of the group is pure: production
 * passes a PostgreSQL client, the simulator a model with sessions, locks and failovers. Invariant: a
 * write succeeds only in the epoch of the leader row, and only at the expected end of the log
 * (docs/SQL-ENGINE.md, S1).
 */
import type { Entry } from '../consensus/types.js';
import type { TableChanges } from './rows.js';

/** The end of the log; zeros if it is empty. */
export interface LogEnd {
  readonly seq: number;
  readonly epoch: number;
  /** Log time of the last entry. */
  readonly time: number;
}

export interface Lead {
  /** Above every epoch before it. */
  readonly epoch: number;
  readonly end: LogEnd;
  /** The session of the takeover, a number of its own. */
  readonly session: number;
}

/** The row of a group, as a reader sees it. */
export interface LeaderRow {
  readonly epoch: number;
  /** Who took the epoch; undefined before the first one. */
  readonly leader: string | undefined;
}

/** One transaction of the leader. Without entries and changes it only confirms the lead (S3). */
export interface LogWrite {
  readonly epoch: number;
  /** The end of the log before this write. */
  readonly end: LogEnd;
  /** They follow the end without gaps. */
  readonly entries: readonly Entry[];
  readonly changes?: TableChanges | undefined;
  /**
   * Nothing is written on another session. The first write of a lead is on the session that read the log:
   * a primary that was cut off could answer the reads of another one, but could not commit (S4).
   */
  readonly session?: number | undefined;
}

/** What became of a write. */
export type WriteResult =
  | { readonly kind: 'written' }
  /** Another leader has a newer epoch, or the log has another end. Nothing was written. */
  | { readonly kind: 'fenced' }
  /** Nothing was written. The same write may succeed later. */
  | { readonly kind: 'not_written'; readonly reason: string }
  /** It may have been written, and a failover may still lose it (S4). */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** A table refused the changes, and the reason names the row. Nothing was written (S6). */
  | { readonly kind: 'refused'; readonly reason: string };

/** Calls reject with `unavailable`. The implementation limits the time of each. */
export interface LogDatabase {
  /**
   * Takes the lead: raises the epoch of the leader row and commits. Waits for a transaction of the
   * former leader that is under way. Resolves with the end of the log that it then reads.
   */
  takeLead(leader: string): Promise<Lead>;
  /**
   * Reads entries after `afterSeq`, at least one if there is one, about `maxBytes`. They follow each other
   * without gaps; the first one is a later one if those before it were deleted (S7). The entries may not
   * survive a failover unless the caller knows better (S4). With `session` it rejects on another one.
   */
  readEntries(afterSeq: number, maxBytes: number, session?: number): Promise<readonly Entry[]>;
  /** Writes in one transaction; never rejects. At most one write is in progress at a time. */
  write(write: LogWrite): Promise<WriteResult>;
  close(): Promise<void>;
}
