/**
 * Shows the whole state of the catalog to read, for the tables behind a log in SQL. Invariant: nothing
 * here changes the state.
 */
import type { SalesMessage } from '../../wire/internal.js';
import type { CancelTable } from './cancel-table.js';
import { type CatalogState, headOf } from './catalog-snapshot.js';
import type { HoldTable } from './hold-table.js';
import type { KeyRecord } from './key-slab.js';
import type { LimitUses } from './limit-uses.js';
import type { Product } from './product-record.js';
import type { SavedHead } from './snapshot-shapes.js';
import type { WriteKeyRecord } from './write-keys.js';

/** The keys of one kind, oldest first. */
export interface KeysView<Record> {
  readonly size: number;
  /** Number of keys dropped since the machine was made or restored. */
  readonly dropped: number;
  /** Without the first `skipped`. A record is valid until the next one is read. */
  records(skipped?: number): Iterable<Readonly<Record>>;
}

export type HoldsView = Pick<HoldTable, 'has' | 'read' | 'all' | 'kept' | 'last' | 'oldestEnd'>;

export type UsesView = Pick<LimitUses, 'all' | 'find' | 'of'>;

export type CancelledView = Pick<CancelTable, 'all' | 'size'>;

export interface CatalogView {
  readonly head: SavedHead;
  /** Also a removed product. */
  product(id: number): Readonly<Product> | undefined;
  /** All products including removed ones, ascending by id. */
  products(): readonly Readonly<Product>[];
  /** Number of the oldest sale held, or of the next sale. */
  readonly firstSale: number;
  /** The sales held, one run for each entry that sold. */
  sales(): readonly SalesMessage[];
  readonly clientKeys: KeysView<KeyRecord>;
  readonly frontendKeys: KeysView<KeyRecord>;
  readonly changeKeys: KeysView<WriteKeyRecord>;
  readonly holds: HoldsView;
  /** The uses of purchase limits. */
  readonly uses: UsesView;
  /** Number of the oldest cancellation held, or of the next one. */
  readonly firstCancellation: number;
  /** The cancellations held, one run for each entry that made some. */
  cancellations(): readonly SalesMessage[];
  /** What is cancelled of each order. */
  readonly cancelled: CancelledView;
  /** Number of the oldest movement of stock held, or of the next one. */
  readonly firstMovement: number;
  /** The movements held, in the runs of their entries. */
  movements(): readonly SalesMessage[];
}

export function viewOf(state: CatalogState): CatalogView {
  const { products, purchases } = state;
  return {
    head: headOf(state),
    product: (id) => products.record(id),
    products: () => products.all(),
    firstSale: purchases.sales.first,
    sales: () => purchases.sales.kept(),
    clientKeys: purchases.clientKeys,
    frontendKeys: purchases.frontendKeys,
    changeKeys: purchases.writes,
    holds: purchases.holds,
    uses: products.uses,
    firstCancellation: purchases.cancellations.first,
    cancellations: () => purchases.cancellations.kept(),
    cancelled: purchases.cancelled,
    firstMovement: products.ledger.runs.first,
    movements: () => products.ledger.runs.kept(),
  };
}
