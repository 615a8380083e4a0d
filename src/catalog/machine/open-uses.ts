/** The uses of one product as LimitUses keeps them, and what it computes from them. */
import type { PurchaseLimit, Source, Use } from './purchase-limit.js';
import { type Mixer, UnorderedSum } from './unordered-sum.js';
import type { UseKey } from './uses-listener.js';

export interface OpenUse extends UseKey {
  source: Source;
  time: number;
  since: number;
  quantity: number;
}

export interface ProductUses {
  /** The sum and the number of all uses, so that they can be dropped together. */
  readonly sum: UnorderedSum<Use>;
  size: number;
  readonly byCustomer: Map<string, OpenUse[]>;
  /** With a window: all uses from `first` on, oldest first, and at most as many that were given back. */
  queue: OpenUse[];
  /** Uses of the queue before this one have ended. */
  first: number;
  /** Uses in the queue that were given back. */
  spent: number;
}

export function noUses(): ProductUses {
  const sum = new UnorderedSum<Use>(mixUse);
  return { sum, size: 0, byCustomer: new Map(), queue: [], first: 0, spent: 0 };
}

/** One more use of the queue was given back. Drops them all when they are the greater part. */
export function spend(uses: ProductUses): void {
  uses.spent++;
  if (2 * uses.spent <= uses.queue.length - uses.first) return;
  compact(uses);
  uses.queue = uses.queue.filter((use) => use.quantity > 0);
  uses.spent = 0;
}

export function compact(uses: ProductUses): void {
  uses.queue = uses.queue.slice(uses.first);
  uses.first = 0;
}

/** Time until the oldest uses have freed so many units, in whole seconds; null if they never do. */
export function waitFor(
  uses: readonly OpenUse[],
  units: number,
  { windowMs }: PurchaseLimit,
  time: number,
): number | null {
  if (windowMs === null) return null;
  let freed = 0;
  for (const use of uses) {
    freed += use.quantity;
    if (freed >= units) return 1_000 * Math.ceil((use.time + windowMs - time) / 1_000);
  }
  return null;
}

export function toUse(product: number, { customer, ...use }: OpenUse): Use {
  return { product, customer: Buffer.from(customer, 'latin1'), ...use };
}

/** Shorter than hexadecimal, and equal for equal bytes. */
export function textOf(customer: Uint8Array): string {
  return Buffer.from(customer).toString('latin1');
}

export function mixUse(
  into: Mixer,
  { product, customer, source, time, since, quantity }: Use,
): void {
  into.number(product);
  into.bytes(customer);
  into.number(source);
  into.number(time);
  into.number(since);
  into.number(quantity);
}
