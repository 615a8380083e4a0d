/** What the parts of the catalog's model share. */
import type { LimitFields } from '../../../src/wire/internal.js';
import type { HoldState } from '../../../src/wire/trade.js';

export interface ModelProduct {
  id: number;
  name: string;
  topic: string;
  priceCents: number;
  stock: number;
  version: number;
  received: number;
  sold: number;
  restockTo: number | null;
  reserved: number;
  limit: LimitFields | null;
}

export interface ModelHold {
  readonly id: Uint8Array;
  readonly customer: string | null;
  readonly reference: string | null;
  readonly ttlMs: number;
  readonly openedAt: number;
  readonly openedWall: number;
  readonly lines: readonly { product: ModelProduct; quantity: number; priceCents: number }[];
  state: HoldState;
  /** Log time: when it is due, or when it was resolved. */
  at: number;
  expiresWall: number;
  order: number | null;
}
