/**
 * Every limit of the store in one place, with its unit in its name; database-limits.ts has those of
 * databases. A full queue or cache answers `overloaded` or `too_large`; nothing grows without a limit.
 */

const kib = 1024;
const mib = 1024 * kib;

/** Limits of the values in a request; stable (docs/CONFIGURATION.md, Limits). */
export const requestLimits = {
  nameLengthMax: 200,
  topicLengthMax: 200,
  quantityMax: 1_000_000_000,
  purchaseQuantityMax: 1_000_000,
  priceCentsMax: 100_000_000_000,
  /** Total of an order. Up to this value JSON decimals keep every whole number of cents exactly. */
  totalCentsMax: 7_000_000_000_000_000,
  idMax: 2 ** 40,
  keyBytesMax: 200,
  orderLinesMax: 100,
  /** A customer's name, which is stored as a digest. */
  customerBytesMax: 128,
  pageDefault: 20,
  pageMax: 1_000,
} as const;

export const wireLimits = {
  publicFrameBytesMax: 1 * mib,
  internalFrameBytesMax: 16 * mib,
  /** Nesting of maps and arrays in one message; the store's own messages need five. */
  depthMax: 16,
} as const;

export const sessionLimits = {
  /** Sessions of one service; one more is closed at once. */
  sessionsMax: 10_000,
  /** Sessions between services that have not proved their identity; one more closes one of them. */
  handshakesMax: 256,
  /** Sessions of one address at a frontend; the default. */
  addressSessionsMax: 5_000,
  /** Bytes of partial messages and unread answers that the sessions of a process hold. */
  heldBytesMax: 128 * mib,
  /** From the first bytes of a frame to its last. */
  frameMs: 20_000,
  /** Requests under way in one session; beyond it the socket is paused. */
  inFlightMax: 1_024,
  /** Bytes waiting to be written to one peer; beyond it the socket is paused, at four times it is closed. */
  outputBytesMax: 4 * mib,
  /** Bytes of one session waiting for its thread; beyond it the socket is paused. */
  inputBytesMax: 1 * mib,
  /** Silence after which a public session is closed. */
  idleMs: 15 * 60_000,
  /** How long a closing service waits for the requests under way. */
  drainMs: 5_000,
} as const;

/** Wrong administrator's tokens that one address may send to a frontend, in a window of time. */
export const tokenLimits = {
  wrongMax: 10,
  windowMs: 10_000,
} as const;

export const clientLimits = {
  /** Requests waiting for a connection; one more is `overloaded`. */
  queueMax: 10_000,
  connectTimeoutMs: 2_000,
  requestTimeoutMs: 5_000,
  reconnectMinMs: 10,
  reconnectMaxMs: 1_000,
  handshakeTimeoutMs: 2_000,
} as const;

/** The replicated log (docs/PROTOCOL.md, 3). */
export const logLimits = {
  /** Appended but not committed; above it `overloaded`. */
  uncommittedEntriesMax: 4_096,
  uncommittedBytesMax: 4 * mib,
  /** Operations that one entry may carry. */
  entryOperationsMax: 512,
  /** Lines of orders that one entry may carry: with the longest names about a quarter of an entry. */
  entryLinesMax: 1_024,
  /** Entries and bytes in one append message. */
  appendEntriesMax: 512,
  appendBytesMax: 2 * mib,
  /** Entries kept in memory behind the commit for peers that lag slightly. */
  tailEntriesKept: 4_096,
  tailBytesKept: 8 * mib,
  /** Sent to one peer and not yet acknowledged; above it the leader waits. */
  windowBytesMax: 8 * mib,
  windowMessagesMax: 64,
  /** Read positions that one replica waits for; one more is `overloaded`. */
  readsMax: 65_536,
  /** Commands applied in one turn, or read from the journal for it. */
  applyTurnBytesMax: 256 * kib,
  /** Commands read from the journal at once, at recovery and at a takeover. */
  journalReadBytesMax: 4 * mib,
  /** The greatest distance of a promise from the highest epoch seen (A30). */
  epochJumpMax: 2 ** 20,
  /** A nominee that depends on doubtful members exceeds all reported epochs by this much (A33). */
  doubtEpochJump: 1_024,
} as const;

export const protocolTimes = {
  stickMs: 250,
  heartbeatMs: 50,
  stepDownMs: 1_000,
  /**
   * A leader counts as unattended this long after a frontend's check: longer than a timely check and the
   * next one.
   */
  unattendedMs: 750,
  /** After the first pre-vote a frontend has this long to check the leader. */
  soughtMs: 150,
  healthCheckEveryMs: 100,
  healthCheckTimeoutMs: 500,
  oldestUncommittedMs: 2_000,
  /** Log time advances by at most this much per entry (A25). */
  logTimeStepMaxMs: 15_000,
} as const;

/** How much a frontend may cache, and how long without a message (docs/PROTOCOL.md, R8). */
export const leaseLimits = {
  leaseMs: 1_000,
  renewEveryMs: 250,
  /** Clocks may differ by this share in their rate. */
  drift: 0.08,
  /** Frontend processes that may hold a lease: ten frontends, each restarted a few times. */
  processesMax: 64,
  /**
   * Names without a product, and other spellings of products' names, that the leader remembers; it makes
   * no cache grants for more.
   */
  absentNamesMax: 65_536,
  /** Topics that the leader remembers; it makes no cache grants for lists of more. */
  topicsMax: 65_536,
  /** New records of a product that the leader pushes after one request for it. */
  pushesMax: 8,
  /** Records in one push; the rest follow in the next turn. */
  pushRecordsMax: 512,
  /** Unacknowledged invalidations of a frontend, above which the leader pushes it no records. */
  pushLagMax: 64,
  /** Items in one request of a follower for the leader's cache grants. */
  grantItemsMax: 10_000,
} as const;

/** How frontends report to the catalog replicas, and through them to each other, that they are up. */
export const frontendLimits = {
  reportEveryMs: 250,
  reportTimeoutMs: 1_000,
  /** A frontend that has not reported for this long counts as unreachable. */
  silentMs: 1_000,
  /** The same if its connection has closed and no other followed. */
  closedMs: 500,
  /** The same if the replicas answer without naming it: they were restarted, and it will report. */
  missedMs: 2_000,
  /** An unreachable frontend is listed for this long. */
  deadMs: 600_000,
  /** A stopped frontend is remembered for this long, so that every frontend learns of it. */
  leftMs: 10_000,
  /** An answer of a replica stays valid for this long. */
  answerMs: 1_500,
  /** A replica of an older build is asked again after this time. */
  refusedMs: 5_000,
  /** Timeout of the last report of a frontend that stops. */
  leaveTimeoutMs: 300,
  rowsMax: 64,
} as const;

export const purchaseLimits = {
  /** Keys of clients in a store whose log has no capacity yet. */
  clientKeysMax: 4_000_000,
  /** The highest default of the capacity that a leader logs, and the bounds of its option. */
  clientKeysDefault: 30_000_000,
  clientKeysOptionMin: 1_000,
  clientKeysOptionMax: 100_000_000,
  clientKeyMs: 24 * 3_600_000,
  /** Keys of administrators' changes that are kept, and the bytes of their outcomes. */
  writeKeysMax: 100_000,
  writeKeyBytesMax: 32 * mib,
  frontendKeyMs: 2 * 60_000,
  /** Age of a purchase, by log time, above which it is refused as `unavailable`. */
  clientKeyAgeMaxMs: 3_600_000,
  frontendKeyAgeMaxMs: 60_000,
  /** Sales, and cancellations, not yet in the order book; above it `overloaded`. */
  unprojectedMax: 100_000,
  /** Movements of stock not yet in the order book; above it `overloaded`. A rule of apply: it never changes. */
  movementsMax: 1_000_000,
  /** Batches of purchases of one session thread that are under way at the order leader. */
  batchesUnderWay: 1,
  /** How long after an answered batch the next one waits at most for further purchases. */
  batchGatherMs: 5,
  /** After this time a batch counts as lost, and its purchases are tried again. */
  batchTimeoutMs: 1_500,
  /** Purchases waiting in the order leader; above it `overloaded`. */
  waitingMax: 20_000,
  /** Keys made by frontends and not yet removed. */
  frontendKeysMax: 8_000_000,
  /** Sales sent to one order leader and not yet confirmed as orders; above it the stream waits. */
  salesWindow: 20_000,
  /** An order leader with more sales that are not in its book sends no purchases. */
  unprojectedHeld: 20_000,
  /** How long the stream gathers sales for one message, and how many at most. */
  salesGatherMs: 20,
  salesGathered: 500,
  /** The same of movements of stock, for which only a read of the ledger waits. */
  movementsGatherMs: 100,
  movementsGathered: 1_000,
  /** How long a read waits for an order that is sold and not yet in the book. */
  orderWaitMs: 1_400,
  /** Sales in one message of a stream, and their bytes. */
  salesBatch: 1_000,
  salesRunBytesMax: 1 * mib,
  /** Runs of sales that are orders already, above which their memory is freed. */
  salesDroppedMax: 1_024,
} as const;

/** Holds (docs/STOCK.md). */
export const holdLimits = {
  ttlSecondsMax: 86_400,
  /** From the opening on, with all extensions; log time. */
  lifeMs: 7 * 24 * 3_600_000,
  openMax: 1_000_000,
  openLinesMax: 2_000_000,
  /** Open holds, and resolved ones that are still answered. */
  keptMax: 4_000_000,
  /** How long a resolved hold is answered, in log time. */
  resolvedMs: 24 * 3_600_000,
  /** Resolved holds that an entry forgets, apart from those resolved at the same time. */
  forgottenPerEntry: 1_024,
  referenceBytesMax: 200,
  /** Bytes of all references. */
  referencesBytesMax: 64 * mib,
  /** Lines of holds that one entry expires: purchases wait while it is applied. */
  expireLinesMax: 256,
  /** How often the leader looks for due holds. */
  expireEveryMs: 100,
  /** How long the leader waits after an entry that freed none of its due holds. */
  fullRestMs: 1_000,
  /** While holds are open, the leader logs an entry after this time without one. */
  tickMs: 10_000,
  /** Changed holds that a replica notes for the tables of a database. */
  notedMax: 200_000,
} as const;

/** Cancellations of orders (docs/STOCK.md). */
export const cancelLimits = {
  /** Orders with cancellations, and the products of their cancelled lines; above it `overloaded`. */
  cancelledOrdersMax: 500_000,
  cancelledLinesMax: 4_000_000,
  /** Cancellations of one order. */
  perOrderMax: 100,
  reasonBytesMax: 200,
  /** Cancellations whose order is read from the book; above it `overloaded`. */
  readingMax: 1_000,
  /** Lines in all cancellations of one answer, so that it fits a frame. */
  answerLinesMax: 2_000,
  /** Log entries with cancellations that are read for one list of orders. */
  listEntriesMax: 256,
} as const;

/** Purchase limits of products (docs/STOCK.md). */
export const limitLimits = {
  quantityMax: 1_000_000,
  windowSecondsMax: 366 * 86_400,
  /** Counted uses: one a customer and product, with a window one a purchase or hold. */
  usesMax: 500_000,
  /** How often a full table looks for uses whose window is over, in log time. */
  cleanEveryMs: 1_000,
  /** A limit that counts more uses neither gets nor loses a window: one entry would change them all. */
  convertedUsesMax: 10_000,
  /** Changed uses that a replica notes for the tables of a database. */
  notedMax: 200_000,
} as const;

export const storageLimits = {
  blockBytes: 4 * kib,
  segmentBytes: 16 * mib,
  /** Bytes of closed journal; the default. */
  snapshotEveryBytes: 64 * mib,
  batchBytesMax: 8 * mib,
  /** Products and keys in one piece of a catalog's snapshot. */
  pieceProducts: 512,
  pieceKeys: 4_096,
  /** Keys of changes, each with its outcome. */
  pieceWriteKeys: 256,
  pieceHolds: 512,
  pieceUses: 4_096,
  pieceCancelled: 1_024,
} as const;

export const cacheLimits = {
  /** Products and absent names that one session thread keeps, and the bytes of both. */
  entriesMax: 50_000,
  bytesMax: 48 * mib,
  /** Search pages that one session thread keeps, as lists of ids. */
  searchesMax: 5_000,
  searchBytesMax: 8 * mib,
  /** Size of the cache that all session threads share: 65,536 products. */
  sharedBytes: 16 * mib,
  /** Hash buckets of the shared invalidation versions. */
  versionBuckets: 65_536,
} as const;

export const poolLimits = {
  workersMax: 10,
  /** Two, so that an audit does not wait for a snapshot. */
  jobThreadsMax: 2,
} as const;
