/**
 * The purchase processor: decides each purchase and each trade operation once. Owns the keys of purchases and
 * changes, the sales, the cancellations, the holds, and the newest epoch of the order group. Takes stock from
 * the products. Invariants: a key has one outcome, refused or sold (docs/PROTOCOL.md, I6, A24); numbers have
 * no gaps.
 */
import { assert } from '../../base/assert.js';
import { purchaseLimits } from '../../base/limits.js';
import {
  type CatalogCommand,
  type KeyKind,
  keyKinds,
  type Outcome,
  type Purchase,
  type Sale,
  totalTooLarge,
} from '../../wire/internal.js';
import type { Cancellation, TradeOperation, TradeOutcome } from '../../wire/trade.js';
import { CancelTable } from './cancel-table.js';
import { Cancellations } from './cancellations.js';
import { HoldTable } from './hold-table.js';
import type { IndexSeed } from './key-index.js';
import { isCapacity, KeyTable } from './key-table.js';
import { NumberedRuns } from './numbered-runs.js';
import type { Products } from './products.js';
import { type Decision, decidePurchase } from './purchases.js';
import type { Expired, Sold, Traded } from './results.js';
import { type Decided, fromStored, isDecided, toStored } from './trade-outcomes.js';
import type { TradePlace } from './trade-place.js';
import { Trades } from './trades.js';
import { WriteKeys } from './write-keys.js';

/** Maximum of keys dropped an entry: more than an entry can add, so that expiry keeps up. */
const expirePerEntryMax = 1_024;

export interface PurchaseOptions {
  readonly clientKeysMax: number;
  readonly unprojectedMax: number;
  /** Absent: `purchaseLimits.movementsMax`. */
  readonly movementsMax?: number;
  /** Seed of the hash indexes of keys (KeyTableOptions). */
  readonly indexSeed?: IndexSeed;
}

/** The log position at which a command is decided. */
export interface LogPlace {
  readonly seq: number;
  readonly time: number;
  /** Also finds outcomes under keys in the form of earlier builds (Purchase, `oldKey`). */
  readonly readsOldKeys?: boolean;
}

type SellCommand = Extract<CatalogCommand, readonly ['sell', ...unknown[]]>;
type TradeCommand = Extract<CatalogCommand, readonly ['trade', ...unknown[]]>;

/** State of one sell command while it is decided. */
interface Batch {
  readonly place: LogPlace;
  readonly at: number;
  readonly isDeposed: boolean;
  readonly boundsTotals: boolean;
  readonly sales: Sale[];
  readonly touched: number[];
}

export class PurchaseProcessor {
  readonly sales = new NumberedRuns('sale');
  readonly cancellations = new NumberedRuns('cancellation');
  readonly cancelled = new CancelTable();
  readonly clientKeys: KeyTable;
  readonly frontendKeys: KeyTable;
  /** Keys of administrators' changes. A purchase may not reuse one. */
  readonly writes = new WriteKeys();
  readonly holds: HoldTable;
  readonly #products: Products;
  readonly #options: PurchaseOptions;
  readonly #trades: Trades;
  #orderEpoch = 0;
  #boundsTotals = false;

  constructor(products: Products, options: PurchaseOptions, orderEpoch = 0, boundsTotals = false) {
    this.#products = products;
    this.#options = options;
    this.#orderEpoch = orderEpoch;
    this.#boundsTotals = boundsTotals;
    const { clientKeyMs, frontendKeyMs, frontendKeysMax } = purchaseLimits;
    const { clientKeysMax, indexSeed } = options;
    this.holds = new HoldTable(indexSeed);
    const cancel = new Cancellations(products, this.cancelled, this.cancellations, options);
    this.#trades = new Trades(products, this.holds, cancel);
    this.clientKeys = new KeyTable({ keysMax: clientKeysMax, lifeMs: clientKeyMs, indexSeed });
    this.frontendKeys = new KeyTable({
      keysMax: frontendKeysMax,
      lifeMs: frontendKeyMs,
      indexSeed,
    });
  }

  /** The newest epoch of an order leader that has sold. */
  get orderEpoch(): number {
    return this.#orderEpoch;
  }

  /** True if an entry has said that totals are bounded: every replica then applies the rule. */
  get boundsTotals(): boolean {
    return this.#boundsTotals;
  }

  /** Drops keys and resolved holds by log time. */
  expire(logTime: number): void {
    this.clientKeys.expire(logTime, this.sales.watermark, expirePerEntryMax);
    this.frontendKeys.expire(logTime, this.sales.watermark, expirePerEntryMax);
    this.writes.expire(logTime, expirePerEntryMax);
    this.holds.forget(logTime);
  }

  applySell([, orderEpoch, at, purchases, bounds]: SellCommand, place: LogPlace): Sold {
    const isDeposed = orderEpoch < this.#orderEpoch;
    if (!isDeposed) this.#orderEpoch = orderEpoch;
    const boundsTotals = bounds === true;
    this.#boundsTotals ||= boundsTotals;
    const batch: Batch = {
      ...{ place, at, isDeposed, boundsTotals },
      sales: [],
      touched: [],
    };
    const outcomes: Outcome[] = [];
    for (const purchase of purchases) outcomes.push(this.#decide(purchase, batch));
    const sales = batch.sales.length > 0 ? this.sales.add(batch.sales) : undefined;
    return { kind: 'sell', outcomes, sales, touched: batch.touched };
  }

  applyTrade([, orderEpoch, at, operations]: TradeCommand, { seq, time }: LogPlace): Traded {
    const isDeposed = orderEpoch < this.#orderEpoch;
    if (!isDeposed) this.#orderEpoch = orderEpoch;
    const sales: Sale[] = [];
    const touched: number[] = [];
    const nextSale = (): number => this.sales.last + sales.length + 1;
    const holds: number[] = [];
    const cancelled: Cancellation[] = [];
    const nextCancellation = (): number => this.cancellations.last + cancelled.length + 1;
    const numbers = { sales, nextSale, cancellations: cancelled, nextCancellation };
    const place: TradePlace = { seq, time, at, touched, holds, ...numbers };
    const outcomes = operations.map((one) => this.#decideTrade(one, place, isDeposed));
    const run = sales.length > 0 ? this.sales.add(sales) : undefined;
    const cancellations = cancelled.length > 0 ? this.cancellations.add(cancelled) : undefined;
    return { kind: 'trade', outcomes, sales: run, cancellations, touched, holds };
  }

  applyExpire(serials: readonly number[], { seq, time }: LogPlace): Expired {
    const touched: number[] = [];
    const holds: number[] = [];
    // They stay due: the leader proposes them again.
    if (this.isLedgerFull) return { kind: 'expired', touched, holds };
    this.#trades.expire(serials, { seq, time, touched, holds });
    return { kind: 'expired', touched, holds };
  }

  /** A command without a valid number changes nothing: every replica must survive what is logged. */
  changeCapacity(keys: unknown): void {
    if (isCapacity(keys)) this.clientKeys.setCapacity(keys);
  }

  /** True if the order book lacks too many movements (docs/STOCK.md, M4). */
  get isLedgerFull(): boolean {
    const { movementsMax = purchaseLimits.movementsMax } = this.#options;
    return this.#products.ledger.isFull(movementsMax);
  }

  /** True if an outcome is stored under the purchase's key. */
  isKnown([digest, kind]: Purchase): boolean {
    const keys = kind === keyKinds.client ? this.clientKeys : this.frontendKeys;
    return keys.find(digest) >= 0;
  }

  invariants(): void {
    this.sales.invariants();
    this.cancellations.invariants();
    this.cancelled.invariants();
    this.clientKeys.invariants();
    this.frontendKeys.invariants();
    this.writes.invariants();
    this.holds.invariants();
    const unprojected = this.sales.last - this.sales.watermark;
    assert(unprojected <= this.#options.unprojectedMax, 'unprojected sales are bounded');
  }

  /** True if no sale may follow this one yet: too many are not orders. */
  #isBookBehind(lastSale: number): boolean {
    return lastSale - this.sales.watermark >= this.#options.unprojectedMax;
  }

  /** Checks in the order of docs/PROTOCOL.md, section 5, step 2: key, epoch, age, room, stock. */
  #decide(purchase: Purchase, batch: Batch): Outcome {
    const [digest, kind, requestHash, lines] = purchase;
    const keys = kind === keyKinds.client ? this.clientKeys : this.frontendKeys;
    const slot = findEither(keys, purchase, batch.place);
    if (slot >= 0) {
      const known = keys.isSameRequest(slot, requestHash) ? keys.outcome(slot) : undefined;
      if (known?.[0] !== 'coded') return known ?? ['key_reused'];
      const replayed = fromStored(known, this.holds, this.#products);
      return replayed[0] === 'customer_required' ? replayed : ['key_reused'];
    }
    if (kind === keyKinds.client && this.writes.has(digest)) return ['key_reused'];
    if (batch.isDeposed) return ['stale'];
    if (isTooOld(kind, purchase[4], batch.place.time)) return ['stale', purchase[4]];
    const last = this.sales.last + batch.sales.length;
    if (keys.isFull) return ['full', 'keys'];
    if (this.#isBookBehind(last) || this.isLedgerFull) return ['full', 'sales'];

    const decision = decidePurchase(this.#products, lines, {
      seq: batch.place.seq,
      touched: batch.touched,
      boundsTotals: batch.boundsTotals,
      nextSale: last + 1,
    });
    if (decision.kind === 'sold') {
      batch.sales.push([last + 1, digest, decision.lines, decision.totalCents, batch.at]);
    }
    const outcome = toOutcome(decision, last + 1);
    keys.add(digest, requestHash, toStored(outcome, this.holds), batch.place.time);
    return outcome;
  }

  /** In the order of docs/STOCK.md: key, epoch, age, room; then the operation itself. */
  #decideTrade(operation: TradeOperation, place: TradePlace, isDeposed: boolean): TradeOutcome {
    const [digest, kind, requestHash, seenTime] = operation[1];
    const keys = kind === keyKinds.client ? this.clientKeys : this.frontendKeys;
    const slot = keys.find(digest);
    if (slot >= 0) {
      if (!keys.isSameRequest(slot, requestHash)) return ['key_reused'];
      const known = keys.outcome(slot);
      return known[0] === 'coded' ? fromStored(known, this.holds, this.#products) : known;
    }
    if (kind === keyKinds.client && this.writes.has(digest)) return ['key_reused'];
    if (isDeposed) return ['stale'];
    if (isTooOld(kind, seenTime, place.time)) return ['stale', seenTime];
    if (keys.isFull) return ['full', 'keys'];
    if (this.isLedgerFull) return ['full', 'sales'];
    const maySell = operation[0] === 'buy' || operation[0] === 'confirm';
    if (maySell && this.#isBookBehind(place.nextSale() - 1)) return ['full', 'sales'];
    const outcome = this.#trades.decide(operation, place);
    if (isDecided(outcome)) {
      keys.add(digest, requestHash, toStored(outcome, this.holds), place.time);
    }
    return outcome;
  }
}

/** The slot of a purchase's key in its present form or in the older one; -1 if there is none. */
function findEither(keys: KeyTable, purchase: Purchase, { readsOldKeys }: LogPlace): number {
  const [digest, , , , , oldKey] = purchase;
  const slot = keys.find(digest);
  return slot < 0 && readsOldKeys && oldKey ? keys.find(oldKey) : slot;
}

/** Uses log time alone, because no clock jump can move it far (A25). */
function isTooOld(kind: KeyKind, seenTime: number, logTime: number): boolean {
  const { clientKeyAgeMaxMs, frontendKeyAgeMaxMs } = purchaseLimits;
  const ageMaxMs = kind === keyKinds.client ? clientKeyAgeMaxMs : frontendKeyAgeMaxMs;
  return logTime - seenTime > ageMaxMs;
}

function toOutcome(decision: Decision, number: number): Extract<Outcome, Decided> {
  switch (decision.kind) {
    case 'sold':
      return ['sold', number, decision.totalCents, false];
    case 'out_of_stock':
      return ['out_of_stock', decision.id, decision.available, false];
    case 'not_found':
      return ['not_found', decision.lineIndex, false];
    case 'total_too_large':
      return ['not_found', totalTooLarge, false];
    case 'customer_required':
      return ['customer_required', decision.id, false];
  }
}
