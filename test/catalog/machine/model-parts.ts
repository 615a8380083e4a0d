/** What the parts of the catalog's model share. */
import type { LimitFields, SaleLine } from '../../../src/wire/internal.js';
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
  returned: number;
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

export interface ModelLimits {
  readonly clientKeysMax: number;
  readonly unprojectedMax: number;
  readonly movementsMax?: number;
  readonly frontendKeysMax?: number;
  /** How long keys are remembered, and how old a purchase may be, by log time. */
  readonly clientKeyMs?: number;
  readonly frontendKeyMs?: number;
  readonly clientKeyAgeMaxMs?: number;
  readonly frontendKeyAgeMaxMs?: number;
  /** Of an order that says so in the log. */
  readonly totalCentsMax?: number;
}

export interface ModelSale {
  readonly number: number;
  readonly key: string;
  readonly lines: readonly SaleLine[];
  readonly totalCents: number;
  readonly customer: string | null;
}

/** Counts the movements of stock; ledger-model.ts looks at what they say. */
export class ModelLedger {
  isOn = false;
  last = 0;
  watermark = 0;

  /** Counts what each product has. */
  begin(products: Iterable<ModelProduct>): void {
    this.isOn = true;
    for (const { stock, reserved } of products) this.moved(stock, reserved);
  }

  moved(delta: number, reservedDelta: number): void {
    if (this.isOn && (delta !== 0 || reservedDelta !== 0)) this.last++;
  }

  confirmed(number: number): void {
    this.watermark = Math.max(this.watermark, Math.min(number, this.last));
  }
}
