/** The limits of a store over a database, apart from limits.ts. */

/** Connections to an SQL database, and one statement on them (docs/SQL-ENGINE.md). */
export const databaseLimits = {
  hostsMax: 16,
  connectTimeoutMs: 2_000,
  /** Waits between attempts to connect; they double. */
  reconnectMinMs: 10,
  reconnectMaxMs: 1_000,
  /** From the call to its answer, connecting included; afterwards the session is dropped. */
  callTimeoutMs: 5_000,
  /** Calls that wait for a session; one more is `overloaded`. */
  callsMax: 1_024,
  /** The server ends a statement, a wait for a lock, and an idle transaction after these times. */
  statementTimeoutMs: 4_000,
  lockTimeoutMs: 2_000,
  idleTransactionMs: 2_000,
  keepAliveMs: 1_000,
  /** Unanswered keepalive probes after which the server drops a session. */
  keepAliveProbes: 3,
  /** Entries in one answer of `readEntries`. */
  readEntriesMax: 4_096,
  /** Rows in one piece of `readTables`. */
  pieceRows: 4_096,
  /** For one piece of `readTables`, and for the time that its reader takes between two pieces. */
  pieceTimeoutMs: 30_000,
  /** Dropped keys of each kind, and forgotten holds, that one write deletes; log rows that one call deletes. */
  keyDeletesMax: 500,
  /** Log rows before the tables' position that are never deleted. */
  logRowsKept: 10_000,
  logDeletesMax: 5_000,
  /** Orders that one filtered list reads; the answer says where the next list continues. */
  orderScanMax: 20_000,
  /** Lines in all orders of one list, so that it fits a frame; exceeded by at most one order. */
  listLinesMax: 2_000,
  /** Orders that one statement of an audit adds up, and problems that an audit of the orders names. */
  auditOrdersMax: 50_000,
  auditProblemsMax: 100,
  /** Holds that an audit compares one by one; of more it compares the hash of the state. */
  auditHoldsMax: 10_000,
  /** The same of uses of purchase limits. */
  auditUsesMax: 10_000,
  /** The same of orders with cancellations. */
  auditCancelledMax: 10_000,
  /** A rewrite of the tables: rows and lines of orders in one piece, deleted rows, attempts for a piece. */
  rewriteRows: 2_048,
  rewriteLines: 8_192,
  rewriteAttempts: 5,
  rewriteRetryMs: 500,
  /** How long the leader row is watched to see whether a store runs. */
  watchMs: 1_500,
  /** For a migration of the schema. */
  migrationTimeoutMs: 600_000,
} as const;
