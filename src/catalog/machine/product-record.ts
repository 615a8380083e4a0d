/** A product in the state, its record as answers show it, and its purchase limit between log and state. */
import type { LimitFields, ProductRecord } from '../../wire/internal.js';
import type { StockAnswer } from '../../wire/thread-requests.js';
import type { PurchaseLimit } from './purchase-limit.js';

/** One product. Only Products changes it. */
export interface Product {
  readonly id: number;
  name: string;
  topic: string;
  priceCents: number;
  /** Units that can be sold or reserved. */
  stock: number;
  /** Units in open holds; 0 before rules 3. */
  reserved: number;
  version: number;
  /** The stock up to which a restock fills; null for no restock. */
  restockTo: number | null;
  /** How much one customer may buy; null for any number. From rules 3 on. */
  limit: PurchaseLimit | null;
  /** Sum of all stock changes except sales and returns. */
  received: number;
  sold: number;
  /** Units of cancelled orders that went back into stock. */
  returned: number;
  removed: boolean;
  /** Seq of the last change; used to report a product once an entry. */
  changedAt: number;
}

/** As answers show the product: with a restock target and a limit only if it has them. */
export function toRecord(product: Product): ProductRecord {
  const { id, name, topic, priceCents, stock, version, restockTo, limit } = product;
  const record = [id, name, topic, priceCents, stock, version] as const;
  if (limit !== null) return [...record, restockTo, fromLimit(limit)];
  return restockTo === null ? record : [...record, restockTo];
}

/** From the limit of a command or a record, whose window is in seconds. */
export function toLimit(given: LimitFields | null): PurchaseLimit | null {
  if (given === null) return null;
  const [quantity, windowSeconds] = given;
  return { quantity, windowMs: windowSeconds === null ? null : 1_000 * windowSeconds };
}

export function fromLimit({ quantity, windowMs }: PurchaseLimit): LimitFields {
  return [quantity, windowMs === null ? null : windowMs / 1_000];
}

/** The numbers of a product's stock, in units. */
export function toStock(product: Product): StockAnswer {
  const { stock, reserved, received, sold, returned } = product;
  return [stock, reserved, received, sold, returned];
}
