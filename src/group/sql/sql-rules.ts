/**
 * The rules of the SQL engine that the simulator can switch off one at a time, to prove that its checkers
 * notice (docs/SQL-ENGINE.md). Production never changes them.
 */
export interface SqlRules {
  /** S2: a new leader writes an opening entry before it applies what it read. */
  readonly openingEntry: boolean;
  /** S3: reads and leases wait for a transaction of the own epoch. */
  readonly readsConfirmed: boolean;
  /** S3: that transaction began after the request. */
  readonly confirmedAfter: boolean;
  /** S4: an unknown commit ends the epoch. Off: the leader counts it as written. */
  readonly unknownEndsLead: boolean;
  /** Followers apply only what their leader says is visible (R7). */
  readonly followersWaitForGates: boolean;
  /** S2: a new leader reads the entries that it lacks. Off: its log ends with its own last entry. */
  readonly missingRead: boolean;
  /** S2: the log that was read ends with the entry that the takeover has seen. */
  readonly endCompared: boolean;
  /** S4: entries that a follower reads wait for its leader's word. */
  readonly readEntriesWait: boolean;
  /** A14: the time of the election is taken after the takeover has committed. */
  readonly electedAfterCommit: boolean;
}

export const allSqlRules: SqlRules = Object.freeze({
  openingEntry: true,
  readsConfirmed: true,
  confirmedAfter: true,
  unknownEndsLead: true,
  followersWaitForGates: true,
  missingRead: true,
  endCompared: true,
  readEntriesWait: true,
  electedAfterCommit: true,
});
