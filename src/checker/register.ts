/**
 * The sequential specification of one product (docs/PROTOCOL.md, sections 4 and 5). Written separately;
 * it shares no code with the catalog. Each change of the record raises its version by one; a sale needs
 * the stock; no id is used twice.
 */
import { unreachable } from '../base/assert.js';
import type { Adjusted, Seen } from './types.js';

export interface Register {
  /** 0: the product did not exist yet. */
  readonly version: number;
  /** Units that can be sold or reserved. */
  readonly stock: number;
  /** Units in open holds. */
  readonly reserved: number;
  readonly priceCents: number;
  readonly exists: boolean;
}

/** What an answer says about the product without changing it. */
export type Sight =
  | { readonly kind: 'seen'; readonly seen: Seen }
  | { readonly kind: 'absent' }
  /** Less than wanted; `available` if the answer contained the quantity. */
  | { readonly kind: 'short'; readonly wanted: number; readonly available: number | undefined };

export type Act =
  | {
      readonly kind: 'sale';
      readonly quantity: number;
      readonly priceCents: number | undefined;
      /** The order's number, or undefined if no answer contained it. */
      readonly number: number | undefined;
    }
  | {
      readonly kind: 'change';
      readonly set: number | undefined;
      readonly add: number | undefined;
      readonly priceCents: number | undefined;
      readonly topic: boolean;
      readonly ifVersion: number | undefined;
      readonly result: Seen | undefined;
    }
  | { readonly kind: 'add'; readonly stock: number; readonly priceCents: number }
  | { readonly kind: 'remove'; readonly version: number | undefined }
  | {
      readonly kind: 'reserve';
      readonly hold: string;
      readonly quantity: number;
      readonly priceCents: number | undefined;
    }
  | {
      /** A confirmation: `sold` of the reserved units are sold, `rest` are given back. */
      readonly kind: 'confirm';
      readonly hold: string;
      readonly sold: number;
      readonly rest: number;
      readonly number: number | undefined;
    }
  | {
      /** A release or an expiry. */
      readonly kind: 'free';
      readonly hold: string;
      readonly quantity: number;
      /** Nothing else can end this hold. */
      readonly isOnly: boolean;
    }
  /** Cancelled units that go back into stock. */
  | { readonly kind: 'return'; readonly quantity: number }
  | {
      readonly kind: 'adjust';
      readonly delta: number | undefined;
      readonly count: number | undefined;
      readonly result: Adjusted | undefined;
    };

export const nowhere: Register = {
  ...{ version: 0, stock: 0, reserved: 0, priceCents: 0, exists: false },
};

export function registerOf({ version, quantity: stock, priceCents }: Seen): Register {
  return { version, stock, reserved: 0, priceCents, exists: true };
}

/** Whether the sight matches the record now. */
export function holds(now: Register, sight: Sight): boolean {
  switch (sight.kind) {
    case 'seen':
      return isSeen(now, sight.seen);
    case 'absent':
      return !now.exists;
    case 'short':
      if (!now.exists || now.stock >= sight.wanted) return false;
      return sight.available === undefined || sight.available === now.stock;
    default:
      return unreachable(sight);
  }
}

/** The product after the act: the same if nothing changes, or undefined if the act cannot happen now. */
export function after(now: Register, act: Act): Register | undefined {
  switch (act.kind) {
    case 'sale':
      if (!now.exists || now.stock < act.quantity) return undefined;
      if (act.priceCents !== undefined && act.priceCents !== now.priceCents) return undefined;
      return { ...now, version: now.version + 1, stock: now.stock - act.quantity };
    case 'change':
      return afterChange(now, act);
    case 'add': {
      if (now.version > 0) return undefined;
      const { stock, priceCents } = act;
      return { version: 1, stock, reserved: 0, priceCents, exists: true };
    }
    case 'remove':
      if (!now.exists) return undefined;
      if (act.version !== undefined && act.version !== now.version) return undefined;
      return { ...now, stock: 0, exists: false };
    case 'reserve': {
      const { quantity, priceCents } = act;
      if (!now.exists || now.stock < quantity) return undefined;
      if (priceCents !== undefined && priceCents !== now.priceCents) return undefined;
      return moved(now, -quantity, quantity);
    }
    case 'confirm':
      return moved(now, act.rest, -act.sold - act.rest);
    case 'free':
      return moved(now, act.quantity, -act.quantity);
    case 'return':
      return moved(now, act.quantity, 0);
    case 'adjust':
      return afterAdjustment(now, act);
    default:
      return unreachable(act);
  }
}

/** The product after a restock, or undefined if there is nothing to fill. */
export function afterRestock(now: Register, target: number): Register | undefined {
  if (!now.exists || now.stock >= target) return undefined;
  return { ...now, version: now.version + 1, stock: target };
}

/** Units move into the stock, and into holds. A removed product has no stock. */
function moved(now: Register, stock: number, reserved: number): Register | undefined {
  if (now.reserved + reserved < 0) return undefined;
  const held = { ...now, reserved: now.reserved + reserved };
  if (!now.exists || stock === 0) return held;
  return { ...held, version: now.version + 1, stock: now.stock + stock };
}

function afterAdjustment(
  now: Register,
  { delta: by, count = 0, result }: Extract<Act, { kind: 'adjust' }>,
): Register | undefined {
  const delta = by ?? count - now.stock - now.reserved;
  const stock = now.stock + delta;
  if (!now.exists || stock < 0) return undefined;
  const adjusted = delta === 0 ? now : { ...now, version: now.version + 1, stock };
  if (result === undefined) return adjusted;
  const isTold =
    result.delta === delta &&
    result.version === adjusted.version &&
    result.quantity === stock &&
    result.reserved === now.reserved;
  return isTold ? adjusted : undefined;
}

function afterChange(now: Register, act: Extract<Act, { kind: 'change' }>): Register | undefined {
  if (!now.exists) return undefined;
  if (act.ifVersion !== undefined && act.ifVersion !== now.version) return undefined;
  const stock = act.set ?? now.stock + (act.add ?? 0);
  const priceCents = act.priceCents ?? now.priceCents;
  const isSame = stock === now.stock && priceCents === now.priceCents;
  const changed = { ...now, version: now.version + 1, stock, priceCents };
  if (act.result) {
    // The answer shows whether the topic was a different one.
    if (isSame && isSeen(now, act.result)) return now;
    return (!isSame || act.topic) && isSeen(changed, act.result) ? changed : undefined;
  }
  return isSame && !act.topic ? now : changed;
}

function isSeen(now: Register, { version, quantity, priceCents }: Seen): boolean {
  return (
    now.exists && now.version === version && now.stock === quantity && now.priceCents === priceCents
  );
}
