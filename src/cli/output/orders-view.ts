/** Formats products and orders as tables. */
import type { Cancelled } from '../../wire/cancel-schemas.js';
import type { Order, Product } from '../../wire/schemas.js';
import { type Cell, money } from './output.js';

const productHead = ['ID', 'NAME', 'TOPIC', 'PRICE', 'STOCK', 'VERSION'];

/** The column of limits appears if one of the products has a limit. */
export function productTable(products: readonly Product[]): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
} {
  const isLimited = products.some(({ purchase_limit: limit }) => limit !== undefined);
  const rows = products.map((product) => {
    const { id, name, topic, price, quantity, version } = product;
    const row: Cell[] = [id, name, topic, money(price), quantity, version];
    return isLimited ? [...row, limitText(product.purchase_limit)] : row;
  });
  return { head: isLimited ? [...productHead, 'LIMIT'] : productHead, rows };
}

/** For example `2 in 86400 s`. */
function limitText(limit: Product['purchase_limit']): string {
  if (limit === undefined) return 'none';
  const { quantity, window_seconds: window } = limit;
  return window === null ? String(quantity) : `${quantity} in ${window} s`;
}

const orderHead = ['ORDER', 'PRODUCT', 'QUANTITY', 'PRICE', 'TOTAL', 'AT'];

export const cancellationHead = ['CANCELLATION', 'ORDER', 'PRODUCT', 'QUANTITY', 'PRICE', 'REFUND'];

/** One row for each line; only the first row has the numbers and the refund. */
export function cancellationRows(cancelled: Cancelled): Cell[][] {
  const { cancellation_number: number, order_number: order, lines, total } = cancelled;
  return lines.map(({ name, quantity, price }, i) => {
    const [first, second, last] = i === 0 ? [number, order, money(total)] : ['', '', ''];
    return [first, second, name, quantity, money(price), last];
  });
}

/** The column of cancelled units appears if something of these orders was cancelled. */
export function orderTable(orders: readonly Order[]): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
} {
  const hasCancelled = orders.some(({ lines }) => lines.some(({ cancelled }) => cancelled));
  const rows = orders.flatMap((order) => orderRows(order, hasCancelled));
  return { head: hasCancelled ? [...orderHead, 'CANCELLED'] : orderHead, rows };
}

/** One row for each line of an order; only the first row has number, total and time. */
function orderRows({ number, lines, total, at }: Order, hasCancelled: boolean): Cell[][] {
  return lines.map(({ name, quantity, price, cancelled = 0 }, i) => {
    const [first, last, time] = i === 0 ? [number, money(total), at] : ['', '', ''];
    const row: Cell[] = [first, name, quantity, money(price), last, time];
    return hasCancelled ? [...row, cancelled] : row;
  });
}
