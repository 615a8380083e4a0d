/**
 * What one product does when one thing happens to it after the other: the sequential specification
 * (docs/PROTOCOL.md, sections 4 and 5). Written anew, sharing nothing with the catalog. Each change
 * of the record raises its version by one; a sale needs the stock; no id comes back.
 */
import { unreachable } from '../base/assert.js';
import type { Seen } from './types.js';

export interface Register {
  /** 0: there was no such product yet. */
  readonly version: number;
  readonly stock: number;
  readonly priceCents: number;
  readonly exists: boolean;
}

/** What an answer says of the product without changing it. */
export type Sight =
  | { readonly kind: 'seen'; readonly seen: Seen }
  | { readonly kind: 'absent' }
  /** Less than wanted; `available` where the answer told how much. */
  | { readonly kind: 'short'; readonly wanted: number; readonly available: number | undefined };

export type Act =
  | {
      readonly kind: 'sale';
      readonly quantity: number;
      readonly priceCents: number | undefined;
      /** The order's number; undefined where nobody was told. */
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
  | { readonly kind: 'remove'; readonly version: number | undefined };

export const nowhere: Register = { version: 0, stock: 0, priceCents: 0, exists: false };

export function registerOf({ version, quantity: stock, priceCents }: Seen): Register {
  return { version, stock, priceCents, exists: true };
}

/** Is this what somebody is told now? */
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

/** The product after it; the same where nothing changes; undefined where it cannot happen now. */
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
      return { version: 1, stock, priceCents, exists: true };
    }
    case 'remove':
      if (!now.exists) return undefined;
      if (act.version !== undefined && act.version !== now.version) return undefined;
      return { ...now, stock: 0, exists: false };
    default:
      return unreachable(act);
  }
}

/** The store fills up by itself; undefined where there is nothing to fill. */
export function afterRestock(now: Register, target: number): Register | undefined {
  if (!now.exists || now.stock >= target) return undefined;
  return { ...now, version: now.version + 1, stock: target };
}

function afterChange(now: Register, act: Extract<Act, { kind: 'change' }>): Register | undefined {
  if (!now.exists) return undefined;
  if (act.ifVersion !== undefined && act.ifVersion !== now.version) return undefined;
  const stock = act.set ?? now.stock + (act.add ?? 0);
  const priceCents = act.priceCents ?? now.priceCents;
  const isSame = stock === now.stock && priceCents === now.priceCents;
  const changed = { ...now, version: now.version + 1, stock, priceCents };
  if (act.result) {
    // What it was told says whether the topic was another one.
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
