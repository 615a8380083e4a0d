/**
 * A purchase in two steps: a product is reserved for a short time, and then paid or given back. Each step
 * keeps its key until its outcome is known, so a repeated click reserves and pays once.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, money } from '../model/format.js';
import { type HeldGoods, holdSeconds, openedBy, warnMs } from '../model/hold.js';
import { type Outcome, purchase, untilAnswered } from '../model/purchase.js';
import type { Product } from '../model/shapes.js';
import { announce } from '../parts/announcer.js';
import { freshKey, sendConfirm, sendHold, sendRelease } from '../store/api.js';
import { rememberOrder } from './orders.js';
import { type Buying, basketOf, clock, told } from './use-purchase.js';

export interface Holding {
  readonly buying: Buying;
  /** What is reserved; undefined before, and after its end. */
  readonly goods: HeldGoods | undefined;
  /** Until the reservation ends. */
  readonly leftMs: number;
}

export interface HoldSteps {
  reserve(quantity: number): void;
  pay(): void;
  cancel(): void;
}

const tickMs = 250;
const idle: Buying = { state: 'idle', words: '' };
const expired: Buying = {
  state: 'refused',
  words: 'The reservation has expired, and nothing was bought',
};

export function useHold(product: Product): [Holding, HoldSteps] {
  const [buying, setBuying] = useState<Buying>(idle);
  const [goods, setGoods] = useState<HeldGoods>();
  const [leftMs, setLeftMs] = useState(0);
  const busy = useRef(false);
  /** A reservation with an unknown outcome: the next click continues it. */
  const open = useRef<{ key: string; quantity: number; sentMs: number }>(undefined);
  /** The key of the payment for what is reserved. */
  const payment = useRef('');

  const tell = (next: Buying): void => {
    setBuying(next);
    if (next.words !== '') announce(`${product.name}: ${next.words}`);
  };
  const finish = (next: Buying): void => {
    setGoods(undefined);
    tell(next);
  };

  useEffect(() => {
    if (!goods) return;
    let isWarned = false;
    const tick = (): void => {
      const left = goods.endMs - performance.now();
      setLeftMs(left);
      if (left <= warnMs && !isWarned) {
        isWarned = true;
        announce(`${product.name}: ${warnMs / 1_000} seconds left to pay`);
      }
      // A payment that was sent in time may still succeed; its answer decides.
      if (left <= 0 && !busy.current && payment.current === '') finish(expired);
    };
    tick();
    const timer = setInterval(tick, tickMs);
    return () => clearInterval(timer);
  }, [goods]);

  const step = async (work: () => Promise<void>): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    setBuying({ state: 'asking', words: '' });
    await work();
    busy.current = false;
  };
  const ports = {
    ...clock,
    again: () => setBuying({ state: 'waiting', words: 'Waiting for a leader …' }),
  };

  const reserve = (quantity: number): Promise<void> =>
    step(async () => {
      // A repeat may find what an earlier attempt has opened, so the time counts from the first one.
      const wish = open.current ?? { key: freshKey(), quantity, sentMs: performance.now() };
      const send = (key: string) => sendHold(basketOf(product, wish.quantity), holdSeconds, key);
      const outcome = openedBy(await untilAnswered({ ...ports, send }, wish.key), wish);
      open.current = outcome.kind === 'unknown' ? wish : undefined;
      if (outcome.kind !== 'held') return tell(told(outcome, wish.quantity));
      payment.current = '';
      setLeftMs(outcome.goods.endMs - performance.now());
      setGoods(outcome.goods);
      const { total, currency } = outcome.goods;
      const words = `Reserved: ${count(wish.quantity)} for ${money(total, currency)}`;
      tell({ state: 'placed', words });
    });

  const pay = (held: HeldGoods): Promise<void> =>
    step(async () => {
      payment.current ||= freshKey();
      const send = (key: string) => sendConfirm(held.id, key);
      const outcome = await purchase({ ...ports, send }, payment.current);
      if (outcome.kind === 'placed') rememberOrder(outcome.number);
      const next = paid(outcome, held.quantity);
      if (outcome.kind === 'unknown') tell(next);
      else finish(next);
    });

  const cancel = (held: HeldGoods): Promise<void> =>
    step(async () => {
      const send = (key: string) => sendRelease(held.id, key);
      const reply = await untilAnswered({ ...ports, send }, freshKey());
      // Without an answer, the reservation ends by itself.
      const isDone = reply?.status === 200;
      finish({
        state: 'idle',
        words: isDone ? 'Reservation cancelled' : 'The reservation ends soon',
      });
    });

  const steps = {
    reserve: (quantity: number) => void reserve(quantity),
    pay: () => void (goods && pay(goods)),
    cancel: () => void (goods && cancel(goods)),
  };
  return [{ buying, goods, leftMs }, steps];
}

function paid(outcome: Outcome, quantity: number): Buying {
  const isExpired = outcome.kind === 'refused' && outcome.type === 'hold_expired';
  return isExpired ? expired : told(outcome, quantity);
}
