/**
 * Encodes and decodes the catalog's snapshot: a sequence of MessagePack pieces, each with its kind
 * first. The head holds the small state and the counts of what follows, so that a truncated
 * snapshot is detected. Uses no file.
 */
import { assert, unreachable } from '../../base/assert.js';
import { storageLimits } from '../../base/limits.js';
import { decodeViews, encode } from '../../wire/codec.js';
import { type LimitFields, rulesVersion, type SalesMessage } from '../../wire/internal.js';
import { isInteger, isRecord, isText, isTuple } from '../../wire/shapes.js';
import { isSavedHold, loadHold, type SavedHold, saveHolds } from './hold-snapshot.js';
import { loadKeys, saveKeys } from './key-snapshot.js';
import type { LeaseHolder } from './lease-holders.js';
import { isLimit, isSavedUse, loadUse, type SavedUse, saveUses } from './limit-snapshot.js';
import { fromLimit, type Product, Products, toLimit } from './products.js';
import { type PurchaseOptions, PurchaseProcessor } from './purchase-processor.js';

/** A state under older rules is saved in the version that earlier builds can read. */
const versions = { beforeRules: 2, withRules: 3, withCapacity: 4, withHolds: 5 } as const;

/** The state without products, sales and keys. */
export interface CatalogHead {
  readonly seq: number;
  readonly logTime: number;
  readonly lastRestock: number;
  readonly isStocked: boolean;
  readonly stockedSoFar: number;
  readonly frontends: readonly LeaseHolder[];
  /** The version of the rules, and the log time at which rules 0 ended. */
  readonly rules: number;
  readonly rulesTime: number;
}

/** The head as a snapshot stores it. */
export interface SavedHead extends Omit<CatalogHead, 'rules' | 'rulesTime'> {
  readonly version: (typeof versions)[keyof typeof versions];
  readonly rules?: number;
  readonly rulesTime?: number;
  readonly writeKeys?: number;
  /** From rules 2 on: the capacity for clients' keys. */
  readonly clientKeysMax?: number;
  /** From rules 3 on: the serial number of the newest hold, and the number of those that follow. */
  readonly lastHold?: number;
  readonly holds?: number;
  /** From rules 3 on: the uses of purchase limits, and when they were last looked through. */
  readonly uses?: number;
  readonly usesCleanedAt?: number;
  readonly orderEpoch: number;
  /** Absent if no entry has bounded totals yet, and in snapshots of earlier builds. */
  readonly boundsTotals?: boolean;
  readonly lastSale: number;
  readonly cursor: number;
  /** Number of records of each kind that follow. */
  readonly products: number;
  readonly runs: number;
  readonly clientKeys: number;
  readonly frontendKeys: number;
}

/** Fields that a head has only from some version of the rules on. */
type RulesField =
  | 'rules'
  | 'rulesTime'
  | 'writeKeys'
  | 'clientKeysMax'
  | 'lastHold'
  | 'holds'
  | 'uses'
  | 'usesCleanedAt';

export type SavedProduct = readonly [
  id: number,
  name: string,
  topic: string,
  priceCents: number,
  stock: number,
  version: number,
  received: number,
  sold: number,
  removed: boolean,
  /** Absent if the product has no restock target; null if it has none and the next fields follow. */
  restockTo?: number | null,
  /** From rules 3 on. */
  reserved?: number,
  returned?: number,
  /** Null if the product has none. */
  limit?: LimitFields | null,
];

/** A piece before it is encoded. */
export type Piece =
  | readonly ['head', SavedHead]
  | readonly ['products', readonly SavedProduct[]]
  | readonly ['sales', ...SalesMessage]
  | readonly ['client keys' | 'frontend keys' | 'write keys', Uint8Array]
  | readonly ['holds', readonly SavedHold[]]
  | readonly ['uses', readonly SavedUse[]];

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
  { uses }: Products,
  { writes, clientKeys, holds }: PurchaseProcessor,
): Omit<CatalogHead, 'rules' | 'rulesTime'> & Pick<SavedHead, 'version' | RulesField> {
  if (rules === 0) return { version: versions.beforeRules, ...rest };
  const known = { ...rest, rules, rulesTime, writeKeys: writes.size };
  if (rules === 1) return { version: versions.withRules, ...known };
  const limited = { ...known, clientKeysMax: clientKeys.capacity };
  if (rules === 2) return { version: versions.withCapacity, ...limited };
  const held = { lastHold: holds.last, holds: holds.kept };
  const counted = { uses: uses.size, usesCleanedAt: uses.cleanedAt };
  return { version: versions.withHolds, ...limited, ...held, ...counted };
}

/** Builds a state from its pieces, independent of the current state. */
export class CatalogRestore {
  readonly #options: PurchaseOptions;
  readonly #products = new Products();
  readonly #runs: SalesMessage[] = [];
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
      this.#products.uses.size === (head.uses ?? 0);
    assert(isWhole, 'a catalog snapshot holds as much as its head says');
    const { seq, logTime, lastRestock, isStocked, stockedSoFar, frontends } = head;
    const { lastSale: last, cursor } = head;
    purchases.sales.load({ last, watermark: cursor }, this.#runs);
    const { rules = 0, rulesTime = 0 } = head;
    const rest = { lastRestock, isStocked, stockedSoFar, frontends, rules, rulesTime };
    return { head: { seq, logTime, ...rest }, products: this.#products, purchases };
  }

  #begin(head: SavedHead): void {
    assert(!this.#head, 'a catalog snapshot has one head');
    this.#head = head;
    this.#products.adopt(head.rules ?? 0);
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

const wholeFields = [
  ...['seq', 'orderEpoch', 'lastRestock', 'stockedSoFar', 'lastSale', 'cursor'],
  ...['products', 'runs', 'clientKeys', 'frontendKeys'],
] as const;

function isPiece(value: unknown): value is Piece {
  if (!Array.isArray(value)) return false;
  const [kind, first, second, third] = value as unknown[];
  switch (kind) {
    case 'head':
      return isHead(first);
    case 'products':
      return Array.isArray(first) && first.every(isSavedProduct);
    case 'sales':
      return isInteger(first) && isInteger(second) && third instanceof Uint8Array;
    case 'client keys':
    case 'frontend keys':
    case 'write keys':
      return first instanceof Uint8Array;
    case 'holds':
      return Array.isArray(first) && first.every(isSavedHold);
    case 'uses':
      return Array.isArray(first) && first.every(isSavedUse);
    default:
      return false;
  }
}

export function isHead(value: unknown): value is SavedHead {
  return (
    isRecord(value) &&
    hasVersion(value) &&
    typeof value['logTime'] === 'number' &&
    typeof value['isStocked'] === 'boolean' &&
    Array.isArray(value['frontends']) &&
    value['frontends'].every(isRegistered) &&
    wholeFields.every((field) => isInteger(value[field]))
  );
}

function hasVersion(head: Record<string, unknown>): boolean {
  const { version, rules, rulesTime, writeKeys, clientKeysMax } = head;
  const { lastHold, holds, uses, usesCleanedAt } = head;
  if (version === versions.beforeRules) return rules === undefined;
  if (!isInteger(rules) || rules < 1 || rules > rulesVersion) return false;
  if (!isInteger(writeKeys) || typeof rulesTime !== 'number') return false;
  if (version === versions.withRules) return rules === 1;
  if (rules < 2 || !isInteger(clientKeysMax)) return false;
  if (version === versions.withCapacity) return rules === 2;
  const held = [lastHold, holds, uses].every(isInteger) && typeof usesCleanedAt === 'number';
  return version === versions.withHolds && held;
}

function isRegistered(value: unknown): boolean {
  return isTuple(value, 2) && value.every(isText);
}

function isSavedProduct(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 9 || value.length > 13) return false;
  const [id, name, topic, ...rest] = value as unknown[];
  const [numbers, more] = [rest.slice(0, 5), rest.slice(5)];
  const [removed, restockTo, reserved = 0, returned = 0, limit = null] = more;
  const texts = isText(name) && isText(topic);
  return (
    isInteger(id) &&
    texts &&
    numbers.every(isInteger) &&
    isInteger(restockTo ?? 0) &&
    isInteger(reserved) &&
    isInteger(returned) &&
    (limit === null || isLimit(limit)) &&
    typeof removed === 'boolean'
  );
}

export function saveProduct(product: Omit<Product, 'changedAt'>): SavedProduct {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  const { restockTo } = product;
  const saved = [id, name, topic, priceCents, stock, version, received, sold, removed] as const;
  return restockTo === null ? saved : [...saved, restockTo];
}

function saveWithHolds(product: Product): SavedProduct {
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
