/**
 * The shape of the catalog's snapshot: JSON values that a person can read, but for the keys and
 * the encoded sales, which are base64. Products are tuples: a hundred thousand maps would be twice
 * the file.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { assert } from '../base/assert.js';
import type { SalesMessage } from '../wire/internal.js';
import type { Product } from './products.js';

const Whole = Type.Integer();
const version = 1;

const SavedProduct = Type.Tuple([
  Whole, // id
  Type.String(), // name
  Type.String(), // topic
  Whole, // priceCents
  Whole, // stock
  Whole, // version
  Whole, // received
  Whole, // sold
  Type.Boolean(), // removed
]);

const SavedRun = Type.Tuple([Whole, Whole, Type.String()]);

const Snapshot = Type.Object({
  version: Type.Literal(version),
  seq: Whole,
  logTime: Type.Number(),
  orderEpoch: Whole,
  lastRestock: Whole,
  isStocked: Type.Boolean(),
  lastSale: Whole,
  cursor: Whole,
  products: Type.Array(SavedProduct),
  unprojected: Type.Array(SavedRun),
  clientKeys: Type.Array(Type.String()),
  frontendKeys: Type.Array(Type.String()),
});

export type CatalogSnapshot = Static<typeof Snapshot>;
export const snapshotVersion = version;

export function checkSnapshot(value: unknown): CatalogSnapshot {
  // Compiled here: there are a hundred thousand products to check, and few snapshots in a life.
  assert(Compile(Snapshot).Check(value), 'a catalog snapshot has the shape of this version');
  return value;
}

export function saveProduct(product: Product): Static<typeof SavedProduct> {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  return [id, name, topic, priceCents, stock, version, received, sold, removed];
}

export function loadProduct(saved: Static<typeof SavedProduct>): Product {
  const [id, name, topic, priceCents, stock, version, received, sold, removed] = saved;
  return { id, name, topic, priceCents, stock, version, received, sold, removed, changedAt: 0 };
}

export function saveRun(run: SalesMessage): Static<typeof SavedRun> {
  return [run[0], run[1], Buffer.from(run[2]).toString('base64')];
}

export function loadRun(saved: Static<typeof SavedRun>): SalesMessage {
  return [saved[0], saved[1], Buffer.from(saved[2], 'base64')];
}
