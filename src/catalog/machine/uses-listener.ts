/**
 * How the tables of a database follow the uses of purchase limits. One entry may end hundreds of thousands
 * of uses, so these are reported by product, and not one by one.
 */

/** Names a use. A product has one use for a customer and a source. */
export interface UseKey {
  /** The 16 bytes as latin1 text. */
  readonly customer: string;
  /** As in `Use`. */
  readonly source: number;
  readonly time: number;
}

/** What changes the uses, for tables that follow them. */
export interface UsesListener {
  /** A use began, changed or ended. A new source is reported under both. */
  changed(product: number, use: UseKey): void;
  /** The uses of a product through this log time have ended, because their window is over. */
  ended(product: number, through: number): void;
  /** Any use of a product may have changed or ended. */
  replaced(product: number): void;
}
