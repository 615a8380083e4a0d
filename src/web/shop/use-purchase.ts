/**
 * Buys one product: a key for each purchase, kept until its outcome is known, so that a double click or
 * a lost answer never buys twice.
 */
import { useRef, useState } from 'preact/hooks';
import { count, money } from '../model/format.js';
import { type Outcome, purchase } from '../model/purchase.js';
import type { Product } from '../model/shapes.js';
import { announce } from '../parts/announcer.js';
import { type Basket, freshKey, sendPurchase } from '../store/api.js';
import { ownCustomer } from '../store/customer.js';
import { rememberOrder } from './orders.js';

export interface Buying {
  readonly state: 'idle' | 'asking' | 'waiting' | 'placed' | 'refused' | 'unknown';
  /** The message for the customer; empty if there is none. */
  readonly words: string;
}

const idle: Buying = { state: 'idle', words: '' };

interface Wish {
  readonly key: string;
  readonly quantity: number;
}

export function usePurchase(product: Product): [Buying, (quantity: number) => void] {
  const [buying, setBuying] = useState<Buying>(idle);
  const busy = useRef(false);
  /** A purchase with an unknown outcome: the next click continues it. */
  const open = useRef<Wish>(undefined);

  const buy = async (quantity: number): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    const wish = open.current ?? { key: freshKey(), quantity };
    setBuying({ state: 'asking', words: '' });
    const outcome = await purchase(
      {
        send: (key) => sendPurchase(basketOf(product, wish.quantity), key),
        ...clock,
        again: () => setBuying({ state: 'waiting', words: 'Waiting for a leader …' }),
      },
      wish.key,
    );
    open.current = outcome.kind === 'unknown' ? wish : undefined;
    busy.current = false;
    if (outcome.kind === 'placed') rememberOrder(outcome.number);
    const next = told(outcome, wish.quantity);
    setBuying(next);
    announce(`${product.name}: ${next.words}`);
  };
  return [buying, (quantity) => void buy(quantity)];
}

/** A purchase of a limited product says who buys. */
export function basketOf({ id, purchase_limit: limit }: Product, quantity: number): Basket {
  return { id, quantity, ...(limit && { customer: ownCustomer() }) };
}

export const clock = {
  wait: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),
  nowMs: (): number => performance.now(),
} as const;

export function told(outcome: Outcome, quantity: number): Buying {
  switch (outcome.kind) {
    case 'placed':
      return {
        state: 'placed',
        words: `Order ${outcome.number}: ${count(quantity)} for ${money(outcome.total, outcome.currency)}`,
      };
    case 'out_of_stock':
      return {
        state: 'refused',
        words: outcome.available === 0 ? 'Sold out' : `Only ${count(outcome.available)} left`,
      };
    case 'refused':
      return { state: 'refused', words: outcome.message };
    case 'unknown':
      return {
        state: 'unknown',
        words: 'No answer yet. Try again: it is the same order, and is not sold twice',
      };
  }
}
