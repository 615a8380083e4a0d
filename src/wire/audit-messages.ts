/** What the services answer to an audit; fields are positional, as in internal.ts. */

import type { Balance } from './balance-check.js';

/** A product's books: received − sold + returned = stock + reserved. */
export type ProductBook = readonly [
  id: number,
  name: string,
  received: number,
  sold: number,
  stock: number,
  /** Absent in answers of builds before rules 3, as the next field. */
  reserved?: number,
  returned?: number,
];

/** A replica's state at the `audit` entry of its group. */
export type AuditMark = readonly [seq: number, hash: string];

/** The catalog at its audit entry: the state of its leader and the state recomputed from what is stored. */
export type CatalogAudit = readonly [
  seq: number,
  hash: string,
  /** Hash of the state recomputed from snapshot and journal, or from tables and log. */
  recomputedHash: string,
  lastSale: number,
  books: readonly ProductBook[],
  /** What differs between the stored and the served state, where it can be named. */
  problems?: readonly string[],
  /** Absent in answers of builds before rules 3. */
  lastCancellation?: number,
  /** Absent in answers of builds before rules 4. */
  lastMovement?: number,
];

/**
 * The order book through the catalog's last sale, cancellation and movement, recomputed from the journal or
 * from the tables.
 */
export type OrderAudit = readonly [
  seq: number,
  /** Empty if the replicas have no state of their own: they all read the same tables. */
  hash: string,
  orders: number,
  units: readonly (readonly [id: number, units: number])[],
  problems: readonly string[],
  /** The cancellations, and their units that went back into stock; absent as in a CatalogAudit. */
  cancellations?: number,
  returned?: readonly (readonly [id: number, units: number])[],
  /** The movements, and the stock after the last one of each product; absent as in a CatalogAudit. */
  movements?: number,
  balances?: readonly Balance[],
];
