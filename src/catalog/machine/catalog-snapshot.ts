/**
 * Encodes and decodes the catalog's snapshot: a sequence of MessagePack pieces, each with its kind
 * first. The head holds the small state and the counts of what follows, so that a truncated
 * snapshot is detected. Uses no file.
 */
import { assert, unreachable } from '../../base/assert.js';
import { storageLimits } from '../../base/limits.js';
import { decodeViews, encode } from '../../wire/codec.js';
import type { SalesMessage } from '../../wire/internal.js';
import { loadCancelled, saveCancelled } from './cancel-snapshot.js';
import { loadHold, saveHolds } from './hold-snapshot.js';
import { loadKeys, saveKeys } from './key-snapshot.js';
import { loadUse, saveUses } from './limit-snapshot.js';
import type { Product } from './product-record.js';
import { fromLimit, toLimit } from './product-record.js';
import { Products } from './products.js';
import { type PurchaseOptions, PurchaseProcessor } from './purchase-processor.js';
import {
  type CatalogHead,
  isPiece,
  type Piece,
  type RulesField,
  type SavedHead,
  type SavedProduct,
  versions,
} from './snapshot-shapes.js';

/** A state to save, or a restored one. */
export interface CatalogState {
  readonly head: CatalogHead;
  readonly products: Products;
  readonly purchases: PurchaseProcessor;
}

/** Yields the pieces one at a time. The state must not change before the last one. */
export function* savePieces(state: CatalogState): Generator<Uint8Array> {
  const { products, purchases } = state;
  yield savePiece(['head', headOf(state)]);
  const all = products.all();
  const { pieceProducts } = storageLimits;
  for (let at = 0; at < all.length; at += pieceProducts) {
    const piece = all.slice(at, at + pieceProducts);
    const save = state.head.rules > 2 ? saveWithHolds : saveProduct;
    yield savePiece(['products', piece.map(save)]);
  }
  for (const run of purchases.sales.kept()) yield savePiece(['sales', ...run]);
  for (const keys of saveKeys(purchases.clientKeys)) yield savePiece(['client keys', keys]);
  for (const keys of saveKeys(purchases.frontendKeys)) yield savePiece(['frontend keys', keys]);
  for (const keys of purchases.writes.save()) yield savePiece(['write keys', keys]);
  for (const holds of saveHolds(purchases.holds)) yield savePiece(['holds', holds]);
  for (const uses of saveUses(products.uses)) yield savePiece(['uses', uses]);
  for (const run of purchases.cancellations.kept()) yield savePiece(['cancellations', ...run]);
  for (const some of saveCancelled(purchases.cancelled)) yield savePiece(['cancelled', some]);
  for (const run of products.ledger.runs.kept()) yield savePiece(['movements', ...run]);
}

/** The small state, and the counts of the rest. */
export function headOf({ head, products, purchases }: CatalogState): SavedHead {
  return {
    ...saveHead(head, products, purchases),
    orderEpoch: purchases.orderEpoch,
    ...(purchases.boundsTotals ? { boundsTotals: true } : {}),
    lastSale: purchases.sales.last,
    cursor: purchases.sales.watermark,
    products: products.count,
    runs: purchases.sales.runs,
    clientKeys: purchases.clientKeys.size,
    frontendKeys: purchases.frontendKeys.size,
  };
}

function saveHead(
  { rules, rulesTime, ...rest }: CatalogHead,
  { uses, currency, ledger }: Products,
  { writes, clientKeys, holds, cancellations, cancelled }: PurchaseProcessor,
): Omit<CatalogHead, 'rules' | 'rulesTime'> & Pick<SavedHead, 'version' | RulesField> {
  if (rules === 0) return { version: versions.beforeRules, ...rest };
  const known = { ...rest, rules, rulesTime, writeKeys: writes.size };
  if (rules === 1) return { version: versions.withRules, ...known };
  const limited = { ...known, clientKeysMax: clientKeys.capacity };
  if (rules === 2) return { version: versions.withCapacity, ...limited };
  const held = { currency, lastHold: holds.last, holds: holds.kept };
  const counted = { uses: uses.size, usesCleanedAt: uses.cleanedAt };
  const cancels = {
    lastCancellation: cancellations.last,
    cancellationCursor: cancellations.watermark,
    cancellationRuns: cancellations.runs,
    cancelledOrders: cancelled.size,
  };
  const ofRules3 = { ...limited, ...held, ...counted, ...cancels };
  if (rules === 3) return { version: versions.withHolds, ...ofRules3 };
  const { last: lastMovement, watermark: movementCursor, runs: movementRuns } = ledger.runs;
  const moved = { lastMovement, movementCursor, movementRuns };
  return { version: versions.withLedger, ...ofRules3, ...moved };
}

/** Builds a state from its pieces, independent of the current state. */
export class CatalogRestore {
  readonly #options: PurchaseOptions;
  readonly #products = new Products();
  readonly #runs: SalesMessage[] = [];
  readonly #cancellations: SalesMessage[] = [];
  readonly #movements: SalesMessage[] = [];
  #head: SavedHead | undefined;
  #purchases: PurchaseProcessor | undefined;
  #taken = 0;

  constructor(options: PurchaseOptions) {
    this.#options = options;
  }

  /** Takes one piece and keeps no reference to its bytes. */
  take(bytes: Uint8Array): void {
    const found = decodeViews(bytes);
    assert(isPiece(found), 'a piece of a catalog snapshot has the shape of this version');
    if (found[0] === 'head') {
      this.#begin(found[1]);
      return;
    }
    const purchases = this.#purchases;
    assert(purchases, 'a catalog snapshot begins with its head');
    switch (found[0]) {
      case 'products':
        for (const saved of found[1]) this.#products.put(loadProduct(saved));
        this.#taken += found[1].length;
        break;
      case 'sales':
        this.#runs.push([found[1], found[2], Uint8Array.from(found[3])]);
        break;
      case 'cancellations':
        this.#cancellations.push([found[1], found[2], Uint8Array.from(found[3])]);
        break;
      case 'movements':
        this.#movements.push([found[1], found[2], Uint8Array.from(found[3])]);
        break;
      case 'client keys':
        loadKeys(purchases.clientKeys, found[1]);
        break;
      case 'frontend keys':
        loadKeys(purchases.frontendKeys, found[1]);
        break;
      case 'write keys':
        purchases.writes.load(found[1]);
        break;
      case 'holds':
        for (const saved of found[1]) purchases.holds.put(loadHold(saved));
        break;
      case 'uses':
        for (const saved of found[1]) this.#products.uses.load(loadUse(saved));
        break;
      case 'cancelled':
        for (const saved of found[1]) purchases.cancelled.put(loadCancelled(saved));
        break;
      default:
        unreachable(found);
    }
  }

  /** Call after the last piece. */
  finish(): CatalogState {
    const [head, purchases] = [this.#head, this.#purchases];
    assert(head && purchases, 'a catalog snapshot has a head');
    const isWhole =
      this.#taken === head.products &&
      this.#runs.length === head.runs &&
      purchases.clientKeys.size === head.clientKeys &&
      purchases.frontendKeys.size === head.frontendKeys &&
      purchases.writes.size === (head.writeKeys ?? 0) &&
      purchases.holds.kept === (head.holds ?? 0) &&
      this.#products.uses.size === (head.uses ?? 0) &&
      this.#cancellations.length === (head.cancellationRuns ?? 0) &&
      this.#movements.length === (head.movementRuns ?? 0) &&
      purchases.cancelled.size === (head.cancelledOrders ?? 0);
    assert(isWhole, 'a catalog snapshot holds as much as its head says');
    this.#products.uses.sortLoaded();
    const { seq, logTime, lastRestock, isStocked, stockedSoFar, frontends } = head;
    const { lastSale: last, cursor } = head;
    purchases.sales.load({ last, watermark: cursor }, this.#runs);
    const { lastCancellation = 0, cancellationCursor = 0 } = head;
    const position = { last: lastCancellation, watermark: cancellationCursor };
    purchases.cancellations.load(position, this.#cancellations);
    const { lastMovement = 0, movementCursor = 0 } = head;
    this.#products.ledger.load({ last: lastMovement, watermark: movementCursor }, this.#movements);
    const { rules = 0, rulesTime = 0 } = head;
    const rest = { lastRestock, isStocked, stockedSoFar, frontends, rules, rulesTime };
    return { head: { seq, logTime, ...rest }, products: this.#products, purchases };
  }

  #begin(head: SavedHead): void {
    assert(!this.#head, 'a catalog snapshot has one head');
    this.#head = head;
    this.#products.adopt(head.rules ?? 0);
    if (head.currency !== undefined) this.#products.currency = head.currency;
    const { orderEpoch, boundsTotals } = head;
    this.#purchases = new PurchaseProcessor(
      this.#products,
      this.#options,
      orderEpoch,
      boundsTotals === true,
    );
    const { clientKeys } = this.#purchases;
    if (head.clientKeysMax !== undefined) clientKeys.setCapacity(head.clientKeysMax);
    clientKeys.expect(head.clientKeys);
    this.#purchases.frontendKeys.expect(head.frontendKeys);
    this.#purchases.holds.startAfter(head.lastHold ?? 0);
    this.#products.uses.startClean(head.usesCleanedAt ?? 0);
  }
}

export function savePiece(value: Piece): Uint8Array {
  return encode(value);
}

export function saveProduct(product: Omit<Product, 'changedAt'>): SavedProduct {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  const { restockTo } = product;
  const saved = [id, name, topic, priceCents, stock, version, received, sold, removed] as const;
  return restockTo === null ? saved : [...saved, restockTo];
}

/** From rules 3 on. */
export function saveWithHolds(product: Omit<Product, 'changedAt'>): SavedProduct {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  const { restockTo, reserved, returned, limit } = product;
  const saved = [id, name, topic, priceCents, stock, version, received, sold, removed] as const;
  const last = limit === null ? null : fromLimit(limit);
  return [...saved, restockTo, reserved, returned, last];
}

function loadProduct(saved: SavedProduct): Product {
  const [id, name, topic, priceCents, stock, version, received, sold, removed] = saved;
  const [, , , , , , , , , restockTo = null, reserved = 0, returned = 0, last = null] = saved;
  const limit = toLimit(last);
  const books = { received, sold, returned, removed };
  const stocks = { stock, reserved };
  const kept = { restockTo, limit, ...books, changedAt: 0 };
  return { id, name, topic, priceCents, ...stocks, version, ...kept };
}
