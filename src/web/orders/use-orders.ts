/** The orders of a search, newest first, page by page. It does not depend on the page's elements. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { numberOf, type OrderSearch, pageQuery } from '../model/order-search.js';
import type { Order } from '../model/shapes.js';
import { findOrder, readOrders } from '../store/admin.js';

const pageSize = 50;
/** A request examines a part of the order book, so a page may need several. */
const requestsMax = 20;

export interface OrderList {
  readonly orders: readonly Order[];
  /** Below this number there may be more. */
  readonly next: number | undefined;
  readonly isLoading: boolean;
  readonly failure: string | undefined;
  more(): void;
  /** Reads one order again. */
  renew(number: number): Promise<void>;
  refresh(): void;
}

interface Found {
  readonly orders: readonly Order[];
  readonly next: number | undefined;
}

const nothing: Found = { orders: [], next: undefined };

export function useOrders(search: OrderSearch): OrderList {
  const [found, setFound] = useState<Found>(nothing);
  const [isLoading, setLoading] = useState(true);
  const [failure, setFailure] = useState<string>();
  /** An answer to an earlier search is dropped. */
  const turn = useRef(0);

  const read = async (before: Found): Promise<void> => {
    const own = ++turn.current;
    setLoading(true);
    try {
      const next = await gather(search, before);
      if (own !== turn.current) return;
      setFound(next);
      setFailure(undefined);
    } catch (error) {
      if (own !== turn.current) return;
      setFailure(error instanceof Error ? error.message : String(error));
    }
    setLoading(false);
  };
  useEffect(() => void read(nothing), [search]);

  const renew = async (number: number): Promise<void> => {
    const order = await findOrder(number).catch(() => undefined);
    if (!order) return;
    setFound((now) => ({
      ...now,
      orders: now.orders.map((one) => (one.number === number ? order : one)),
    }));
  };
  return {
    ...found,
    isLoading,
    failure,
    more: () => void read(found),
    renew,
    refresh: () => void read(nothing),
  };
}

async function gather(search: OrderSearch, before: Found): Promise<Found> {
  const number = numberOf(search);
  if (number !== undefined) {
    const order = await findOrder(number);
    return { orders: order ? [order] : [], next: undefined };
  }
  const orders = [...before.orders];
  const wanted = orders.length + pageSize;
  let { next } = before;
  for (let request = 0; request < requestsMax; request++) {
    const page = await readOrders(pageQuery(search, wanted - orders.length, next));
    orders.push(...page.data);
    next = page.next;
    if (next === undefined || orders.length >= wanted) break;
  }
  return { orders, next };
}
