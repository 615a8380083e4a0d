/**
 * The catalog's state machine: products, stock, sales and purchase keys. It decides every command
 * at apply, from the state and the entry alone (docs/PROTOCOL.md, R7 and section 5). Uses no clock,
 * random source, socket or cache. Invariant: I5 and I6 hold after every entry.
 */
import { assert } from '../../base/assert.js';
import { protocolTimes, purchaseLimits } from '../../base/limits.js';
import type { Entry, SnapshotMachine } from '../../consensus/types.js';
import { unknownCommand } from '../../consensus/unknown-command.js';
import { decode } from '../../wire/codec.js';
import {
  type CatalogCommand,
  type ProductRecord,
  type Purchase,
  rulesVersion,
} from '../../wire/internal.js';
import type { StockAnswer } from '../../wire/thread-requests.js';
import type { HoldId, HoldRecord } from '../../wire/trade.js';
import { hashOf } from './catalog-hash.js';
import { CatalogRestore, type CatalogState, savePieces } from './catalog-snapshot.js';
import { type CatalogView, viewOf } from './catalog-view.js';
import { timeOf } from './command-time.js';
import { holdRecord, type ReadonlyHolds } from './hold-view.js';
import { applyKeyed, ledgerFull } from './keyed-changes.js';
import { type LeaseHolder, LeaseHolders } from './lease-holders.js';
import { startRules } from './migration.js';
import type { ReadonlyRuns } from './numbered-runs.js';
import type { ProductQuery } from './product-index.js';
import { toRecord, toStock } from './product-record.js';
import { changeProduct } from './product-rules.js';
import { type Book, type FoundProducts, Products } from './products.js';
import { type LogPlace, type PurchaseOptions, PurchaseProcessor } from './purchase-processor.js';
import { mayBeTooLarge } from './purchases.js';
import type { CatalogResult, Stocked } from './results.js';
import { notApplied, StockProgress } from './stock-progress.js';
import type { UsesListener } from './uses-listener.js';
import { touchedBy, type WriteSet } from './write-set.js';

export type { CatalogResult } from './results.js';

export class CatalogMachine implements SnapshotMachine<CatalogResult> {
  readonly #options: PurchaseOptions;
  #products: Products;
  #purchases: PurchaseProcessor;
  #leaseHolders = new LeaseHolders();
  #seq = 0;
  #logTime = 0;
  #progress = new StockProgress();
  /** The current version of the rules, and the log time at which rules 0 ended. */
  #rules = 0;
  #rulesTime = 0;
  #usesListener: UsesListener | undefined;

  constructor(options: PurchaseOptions = purchaseLimits) {
    this.#options = options;
    this.#products = new Products();
    this.#purchases = new PurchaseProcessor(this.#products, options);
  }

  apply(entry: Entry): CatalogResult {
    assert(entry.seq === this.#seq + 1, 'entries are applied in order, each once');
    assert(entry.time >= this.#logTime, 'log time never goes back');
    this.#seq = entry.seq;
    // The leader limits the step as well; this line limits it for any leader (A25).
    this.#logTime = Math.min(entry.time, this.#logTime + protocolTimes.logTimeStepMaxMs);
    this.#purchases.expire(this.#logTime);
    if (entry.command.byteLength === 0) return { kind: 'none' };
    const command = decode(entry.command) as CatalogCommand;
    const { ledger } = this.#products;
    ledger.begin(timeOf(command) ?? this.#logTime);
    const result = this.#decide(command);
    ledger.end();
    return result;
  }

  /** Write set of a command that is not decided yet. A12 covers a cache that keeps an item too long. */
  writeSet(command: CatalogCommand): WriteSet {
    return touchedBy(this.#products, command, this.#purchases.holds);
  }

  /** To read only: commands alone change them. */
  get holds(): ReadonlyHolds {
    return this.#purchases.holds;
  }

  /** Counted uses of purchase limits, and orders of which something was cancelled. */
  get bounded(): { readonly limitUses: number; readonly cancelledOrders: number } {
    return { limitUses: this.#products.uses.size, cancelledOrders: this.#purchases.cancelled.size };
  }

  /** ISO 4217 code of all prices. */
  get currency(): string {
    return this.#products.currency;
  }

  /** The hold as a read shows it; undefined if it is unknown. */
  hold(id: HoldId): HoldRecord | undefined {
    return holdRecord(this.#purchases.holds, this.#products, id, this.#logTime);
  }

  byId(id: number): ProductRecord | undefined {
    const product = this.#products.get(id);
    return product && toRecord(product);
  }

  /** Undefined if there is no such product. */
  stockOf(id: number): StockAnswer | undefined {
    const product = this.#products.get(id);
    return product && toStock(product);
  }

  byName(name: string): ProductRecord | undefined {
    const product = this.#products.named(name);
    return product && toRecord(product);
  }

  /** True if the purchase has a new key and its total could exceed an order's maximum at some price. */
  mayBeTooLarge(purchase: Purchase): boolean {
    return mayBeTooLarge(purchase[3]) && !this.#purchases.isKnown(purchase);
  }

  /** True if an entry has shown that every replica applies the bound of totals. */
  get boundsTotals(): boolean {
    return this.#purchases.boundsTotals;
  }

  search(query: ProductQuery): FoundProducts {
    return this.#products.find(query);
  }

  /** Ids of the products that a restock would change, ascending. `target`: under rules 0. */
  belowTarget(target: number): number[] {
    return this.#products.restockable(target);
  }

  /** Version of the rules by which entries are applied now. */
  get rules(): number {
    return this.#rules;
  }

  /** The sales that may not be in the order book yet; to read only. */
  get sales(): ReadonlyRuns {
    return this.#purchases.sales;
  }

  /** The cancellations that may not be in the order book yet; to read only. */
  get cancellations(): ReadonlyRuns {
    return this.#purchases.cancellations;
  }

  /** The movements of stock that may not be in the order book yet; to read only. */
  get movements(): ReadonlyRuns {
    return this.#products.ledger.runs;
  }

  /** Books of all products, including removed ones. */
  books(): Book[] {
    return this.#products.books();
  }

  get productCount(): number {
    return this.#products.size;
  }

  /** Seq of the last applied entry. */
  get appliedSeq(): number {
    return this.#seq;
  }

  get lastLogTime(): number {
    return this.#logTime;
  }

  get newestOrderEpoch(): number {
    return this.#purchases.orderEpoch;
  }

  get lastRestock(): number {
    return this.#progress.lastRestock;
  }

  get isStocked(): boolean {
    return this.#progress.isStocked;
  }

  /** Number of applied products of the first stock, which may come in parts. */
  get stockedSoFar(): number {
    return this.#progress.stockedSoFar;
  }

  get lastSale(): number {
    return this.#purchases.sales.last;
  }

  get watermark(): number {
    return this.#purchases.sales.watermark;
  }

  /** Frontend processes that may hold a lease. */
  registered(): readonly LeaseHolder[] {
    return this.#leaseHolders.all();
  }

  isRegistered(process: string): boolean {
    return this.#leaseHolders.has(process);
  }

  get keyCount(): number {
    const { clientKeys, frontendKeys, writes } = this.#purchases;
    return clientKeys.size + frontendKeys.size + writes.size;
  }

  /** Number of clients' purchase keys in the state. */
  get clientKeys(): number {
    return this.#purchases.clientKeys.size;
  }

  /** Number of clients' purchase keys at which new ones are refused. Changed by `capacity` only. */
  get clientKeysMax(): number {
    return this.#purchases.clientKeys.capacity;
  }

  /** Reports changes of the uses of purchase limits. A restore is not reported. */
  listenToUses(listener: UsesListener): void {
    this.#usesListener = listener;
    this.#products.uses.listen(listener);
  }

  /** The state to read; valid until the next entry. */
  view(): CatalogView {
    return viewOf(this.#state());
  }

  hash(): string {
    return hashOf(this.#state());
  }

  snapshot(): Iterable<Uint8Array> {
    return savePieces(this.#state());
  }

  restore(pieces: Iterable<Uint8Array>): void {
    const restore = this.beginRestore();
    for (const piece of pieces) restore.take(piece);
    restore.finish();
  }

  /** Restores piece by piece; the machine does not change before `finish`. */
  beginRestore(): { take(piece: Uint8Array): void; finish(): void } {
    const restore = new CatalogRestore(this.#options);
    return {
      take: (piece) => restore.take(piece),
      finish: () => {
        const { head, products, purchases } = restore.finish();
        this.#products = products;
        this.#products.uses.listen(this.#usesListener);
        this.#purchases = purchases;
        this.#leaseHolders = new LeaseHolders(head.frontends);
        this.#seq = head.seq;
        this.#logTime = head.logTime;
        this.#progress = new StockProgress(head);
        this.#rules = head.rules;
        this.#rulesTime = head.rulesTime;
      },
    };
  }

  invariants(): void {
    this.#products.invariants();
    this.#purchases.invariants();
    this.#leaseHolders.invariants();
  }

  #decide(command: CatalogCommand): CatalogResult {
    switch (command[0]) {
      case 'stock':
        return this.#progress.stock(this.#products, command, this.#seq);
      case 'sell':
        return this.#purchases.applySell(command, this.#place());
      case 'trade':
        assert(this.#rules > 2, 'trades are logged from rules 3 on');
        return this.#purchases.applyTrade(command, this.#place());
      case 'expire':
        assert(this.#rules > 2, 'holds expire from rules 3 on');
        return this.#purchases.applyExpire(command[1], this.#place());
      case 'restock':
        if (this.#purchases.isLedgerFull) return notApplied;
        return this.#progress.restock(this.#products, command, this.#seq);
      case 'add':
      case 'update':
      case 'remove':
      case 'adjust':
        if (this.#purchases.isLedgerFull) return ledgerFull;
        return changeProduct(this.#products, command, this.#place());
      case 'keyed': {
        assert(this.#rules > 0, 'changes have keys from rules 1 on');
        const decide = () => changeProduct(this.#products, command[4], this.#place());
        return applyKeyed(command, this.#purchases, this.#place(), decide);
      }
      case 'cursor':
        this.#purchases.sales.advance(command[1]);
        this.#purchases.cancellations.advance(command[2] ?? 0);
        this.#products.ledger.advance(command[3] ?? 0);
        return { kind: 'cursor', watermark: this.#purchases.sales.watermark };
      case 'register':
        return { kind: 'registered', ok: this.#leaseHolders.register(command[1], command[2]) };
      case 'deregister':
        this.#leaseHolders.deregister(command[1]);
        return { kind: 'none' };
      case 'audit':
        return { kind: 'audit', token: command[1], hash: this.hash(), lastSale: this.lastSale };
      case 'rules':
        return this.#startRules(command);
      case 'capacity':
        if (this.#rules > 1) this.#purchases.changeCapacity(command[1]);
        return { kind: 'none' };
      default:
        return unknownCommand('catalog', command);
    }
  }

  #state(): CatalogState {
    const [seq, logTime] = [this.#seq, this.#logTime];
    const { lastRestock, isStocked, stockedSoFar } = this.#progress;
    const frontends = this.#leaseHolders.all();
    const rules = { rules: this.#rules, rulesTime: this.#rulesTime };
    const head = { seq, logTime, lastRestock, isStocked, stockedSoFar, frontends, ...rules };
    return { head, products: this.#products, purchases: this.#purchases };
  }

  #place(): LogPlace {
    const [seq, time] = [this.#seq, this.#logTime];
    const readsOldKeys = this.#rules > 0 && time < this.#rulesTime + purchaseLimits.clientKeyMs;
    return { seq, time, readsOldKeys };
  }

  #startRules([, version, settings]: Extract<
    CatalogCommand,
    readonly ['rules', ...unknown[]]
  >): Stocked {
    assert(version <= rulesVersion, `this build supports the rules up to ${rulesVersion}`);
    if (version <= this.#rules) return notApplied;
    if (this.#rules === 0) this.#rulesTime = this.#logTime;
    this.#rules = version;
    const touched = startRules(this.#products, version, settings, this.#seq, this.isStocked);
    return { kind: 'stocked', applied: true, touched };
  }
}
