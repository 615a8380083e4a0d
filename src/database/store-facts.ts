/** What the small rows of a schema say about its store, in one statement. */

export interface StoreFacts {
  /** Of the catalog's leader row. */
  readonly epoch: number;
  readonly confirmations: number;
  /** The end of the log. */
  readonly seq: number;
  readonly endEpoch: number;
  readonly time: number;
  /** Of the order group's leader row. */
  readonly orderEpoch: number;
  readonly orderConfirmations: number;
  /** Seq of the oldest log row; null if there is none. */
  readonly firstEntry: number | null;
  readonly appliedSeq: number;
  readonly unfinished: string | null;
  /** The last row of each table; null if there is none. */
  readonly lastProduct: number | null;
  readonly lastOrder: number | null;
  readonly lastClientKey: number | null;
  readonly lastFrontendKey: number | null;
  readonly lastChangeKey: number | null;
  readonly lastHold: number | null;
  readonly lastCancellation: number | null;
  readonly lastMovement: number | null;
}

const lastKey = (kind: string): string =>
  `(SELECT max(ordinal) FROM purchase_keys WHERE kind = '${kind}')`;

export const factsText = `SELECT catalog.epoch, catalog.confirmations, catalog.log_end_seq AS seq,
    catalog.log_end_epoch AS "endEpoch", catalog.log_end_time AS time,
    book.epoch AS "orderEpoch", book.confirmations AS "orderConfirmations",
    (SELECT min(seq) FROM log) AS "firstEntry",
    applied_seq AS "appliedSeq", unfinished,
    (SELECT max(id) FROM products) AS "lastProduct",
    (SELECT max(number) FROM orders) AS "lastOrder",
    ${lastKey('client')} AS "lastClientKey", ${lastKey('frontend')} AS "lastFrontendKey",
    (SELECT max(ordinal) FROM change_keys) AS "lastChangeKey",
    (SELECT max(serial) FROM holds) AS "lastHold",
    (SELECT max(number) FROM cancellations) AS "lastCancellation",
    (SELECT max(number) FROM stock_movements) AS "lastMovement"
  FROM leaders AS catalog, leaders AS book, applied, store_meta
  WHERE catalog.group_name = 'catalog' AND book.group_name = 'order'`;

/** No replica led or wrote between the two. */
export function isUnmoved(before: StoreFacts, after: StoreFacts): boolean {
  const fields = ['epoch', 'confirmations', 'seq', 'orderEpoch', 'orderConfirmations'] as const;
  return fields.every((field) => before[field] === after[field]);
}

/** No store has run on the tables, and nothing was written to them. */
export function isEmpty(facts: StoreFacts): boolean {
  const { firstEntry, lastProduct, lastOrder } = facts;
  const { lastClientKey, lastFrontendKey, lastChangeKey, lastHold } = facts;
  const { lastCancellation, lastMovement } = facts;
  const keys = [lastClientKey, lastFrontendKey, lastChangeKey];
  const numbered = [lastOrder, lastCancellation, lastMovement];
  const rows = [firstEntry, lastProduct, ...numbered, ...keys, lastHold];
  const counts = [facts.epoch, facts.orderEpoch, facts.seq, facts.appliedSeq];
  return rows.every((row) => row === null) && counts.every((count) => count === 0);
}
