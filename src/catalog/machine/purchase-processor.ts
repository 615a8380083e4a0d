/**
 * The purchase processor: decides each purchase once. Owns the keys of purchases and changes, the
 * sales, and the newest epoch of the order group; takes stock from the products. Invariants: one
 * outcome a key, refused or sold (docs/PROTOCOL.md, I6, A24); sale numbers have no gaps.
 */
import { assert } from '../../base/assert.js';
import { purchaseLimits } from '../../base/limits.js';
import {
  type CatalogCommand,
  keyKinds,
  type Outcome,
  type Purchase,
  type Sale,
  totalTooLarge,
} from '../../wire/internal.js';
import type { IndexSeed } from './key-index.js';
import { KeyTable } from './key-table.js';
import type { Products } from './products.js';
import { type Decision, decidePurchase } from './purchases.js';
import type { Sold } from './results.js';
import { Sales } from './sales.js';
import { WriteKeys } from './write-keys.js';

/** Maximum of keys dropped an entry: more than an entry can add, so that expiry keeps up. */
const expirePerEntryMax = 1_024;

export interface PurchaseOptions {
  readonly clientKeysMax: number;
  readonly unprojectedMax: number;
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
type StoredOutcome = Parameters<KeyTable['add']>[2];

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
  readonly sales = new Sales();
  readonly clientKeys: KeyTable;
  readonly frontendKeys: KeyTable;
  /** Keys of administrators' changes. A purchase may not reuse one. */
  readonly writes = new WriteKeys();
  readonly #products: Products;
  readonly #options: PurchaseOptions;
  #orderEpoch = 0;
  #boundsTotals = false;

  constructor(products: Products, options: PurchaseOptions, orderEpoch = 0, boundsTotals = false) {
    this.#products = products;
    this.#options = options;
    this.#orderEpoch = orderEpoch;
    this.#boundsTotals = boundsTotals;
    const { clientKeyMs, frontendKeyMs, frontendKeysMax } = purchaseLimits;
    const { clientKeysMax, indexSeed } = options;
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

  /** Drops keys by log time. */
  expire(logTime: number): void {
    this.clientKeys.expire(logTime, this.sales.watermark, expirePerEntryMax);
    this.frontendKeys.expire(logTime, this.sales.watermark, expirePerEntryMax);
    this.writes.expire(logTime, expirePerEntryMax);
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

  /** True if an outcome is stored under the purchase's key. */
  isKnown([digest, kind]: Purchase): boolean {
    const keys = kind === keyKinds.client ? this.clientKeys : this.frontendKeys;
    return keys.find(digest) >= 0;
  }

  invariants(): void {
    this.sales.invariants();
    this.clientKeys.invariants();
    this.frontendKeys.invariants();
    this.writes.invariants();
    const unprojected = this.sales.last - this.sales.watermark;
    assert(unprojected <= this.#options.unprojectedMax, 'unprojected sales are bounded');
  }

  /** Checks in the order of docs/PROTOCOL.md, section 5, step 2: key, epoch, age, room, stock. */
  #decide(purchase: Purchase, batch: Batch): Outcome {
    const [digest, kind, requestHash, lines] = purchase;
    const keys = kind === keyKinds.client ? this.clientKeys : this.frontendKeys;
    const slot = findEither(keys, purchase, batch.place);
    if (slot >= 0) {
      return keys.isSameRequest(slot, requestHash) ? keys.outcome(slot) : ['key_reused'];
    }
    if (kind === keyKinds.client && this.writes.has(digest)) return ['key_reused'];
    if (batch.isDeposed) return ['stale'];
    if (isTooOld(purchase, batch.place.time)) return ['stale', purchase[4]];
    const last = this.sales.last + batch.sales.length;
    const unprojected = last - this.sales.watermark;
    if (keys.isFull) return ['full', 'keys'];
    if (unprojected >= this.#options.unprojectedMax) return ['full', 'sales'];

    const decision = decidePurchase(this.#products, lines, {
      seq: batch.place.seq,
      touched: batch.touched,
      boundsTotals: batch.boundsTotals,
    });
    if (decision.kind === 'sold') {
      batch.sales.push([last + 1, digest, decision.lines, decision.totalCents, batch.at]);
    }
    const outcome = toOutcome(decision, last + 1);
    keys.add(digest, requestHash, outcome, batch.place.time);
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
function isTooOld([, kind, , , seenTime]: Purchase, logTime: number): boolean {
  const { clientKeyAgeMaxMs, frontendKeyAgeMaxMs } = purchaseLimits;
  const ageMaxMs = kind === keyKinds.client ? clientKeyAgeMaxMs : frontendKeyAgeMaxMs;
  return logTime - seenTime > ageMaxMs;
}

function toOutcome(decision: Decision, number: number): StoredOutcome {
  switch (decision.kind) {
    case 'sold':
      return ['sold', number, decision.totalCents, false];
    case 'out_of_stock':
      return ['out_of_stock', decision.id, decision.available, false];
    case 'not_found':
      return ['not_found', decision.lineIndex, false];
    case 'total_too_large':
      return ['not_found', totalTooLarge, false];
  }
}
