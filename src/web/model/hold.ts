/**
 * A reservation of the shop: opened, and then paid, cancelled or expired. Pure. Invariant: the page shows
 * the end not later than the store's, because it counts from before the request.
 */
import { dataOf, type Failure, failureOf, type PurchaseReply, totalOf } from './purchase.js';

export interface HeldGoods {
  readonly id: string;
  readonly quantity: number;
  readonly total: number | string;
  readonly currency?: string;
  /** Of the page's own clock. */
  readonly endMs: number;
}

export type Opened = { readonly kind: 'held'; readonly goods: HeldGoods } | Failure;

/** How long the shop reserves. */
export const holdSeconds = 60;
/** With this much left, the page says so to screen readers, too. */
export const warnMs = 15_000;

export function openedBy(
  reply: PurchaseReply | undefined,
  { quantity, sentMs }: { readonly quantity: number; readonly sentMs: number },
): Opened {
  const data = dataOf(reply);
  if (typeof data?.hold_id !== 'string') return failureOf(reply);
  const endMs = sentMs + holdSeconds * 1_000;
  return { kind: 'held', goods: { id: data.hold_id, quantity, endMs, ...totalOf(data) } };
}

/** Between 1 and 0. */
export function shareLeft(leftMs: number): number {
  return Math.min(1, Math.max(0, leftMs / (holdSeconds * 1_000)));
}
