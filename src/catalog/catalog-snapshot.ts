/**
 * The shape of the catalog's snapshot: JSON values that a person can read, but for the keys and
 * the encoded sales, which are base64. Products are tuples: a hundred thousand maps would be twice
 * the file.
 */
import { assert } from '../base/assert.js';
import type { SalesMessage } from '../wire/internal.js';
import { isInteger, isRecord, isText, isTuple } from '../wire/shapes.js';
import type { Product } from './products.js';

const version = 1;

type SavedProduct = readonly [
  id: number,
  name: string,
  topic: string,
  priceCents: number,
  stock: number,
  version: number,
  received: number,
  sold: number,
  removed: boolean,
];

type SavedRun = readonly [first: number, count: number, sales: string];

export interface CatalogSnapshot {
  readonly version: typeof version;
  readonly seq: number;
  readonly logTime: number;
  readonly orderEpoch: number;
  readonly lastRestock: number;
  readonly isStocked: boolean;
  readonly lastSale: number;
  readonly cursor: number;
  readonly products: readonly SavedProduct[];
  readonly unprojected: readonly SavedRun[];
  readonly clientKeys: readonly string[];
  readonly frontendKeys: readonly string[];
}

export const snapshotVersion = version;

const wholeFields = ['seq', 'orderEpoch', 'lastRestock', 'lastSale', 'cursor'] as const;

export function checkSnapshot(value: unknown): CatalogSnapshot {
  assert(isSnapshot(value), 'a catalog snapshot has the shape of this version');
  return value;
}

function isSnapshot(value: unknown): value is CatalogSnapshot {
  return (
    isRecord(value) &&
    value['version'] === version &&
    typeof value['logTime'] === 'number' &&
    typeof value['isStocked'] === 'boolean' &&
    wholeFields.every((field) => isInteger(value[field])) &&
    isListOf(value['products'], isSavedProduct) &&
    isListOf(value['unprojected'], isSavedRun) &&
    isListOf(value['clientKeys'], isText) &&
    isListOf(value['frontendKeys'], isText)
  );
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isSavedProduct(value: unknown): boolean {
  if (!isTuple(value, 9)) return false;
  const [id, name, topic, ...numbers] = value;
  const removed = numbers.pop();
  const texts = isText(name) && isText(topic);
  return isInteger(id) && texts && numbers.every(isInteger) && typeof removed === 'boolean';
}

function isSavedRun(value: unknown): boolean {
  return isTuple(value, 3) && isInteger(value[0]) && isInteger(value[1]) && isText(value[2]);
}

export function saveProduct(product: Product): SavedProduct {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  return [id, name, topic, priceCents, stock, version, received, sold, removed];
}

export function loadProduct(saved: SavedProduct): Product {
  const [id, name, topic, priceCents, stock, version, received, sold, removed] = saved;
  return { id, name, topic, priceCents, stock, version, received, sold, removed, changedAt: 0 };
}

export function saveRun(run: SalesMessage): SavedRun {
  return [run[0], run[1], Buffer.from(run[2]).toString('base64')];
}

export function loadRun(saved: SavedRun): SalesMessage {
  return [saved[0], saved[1], Buffer.from(saved[2], 'base64')];
}
