/** Formats products and orders as tables. */
import type { Order, Product } from '../../wire/schemas.js';
import { type Cell, money } from './output.js';

export const productHead = ['ID', 'NAME', 'TOPIC', 'PRICE', 'STOCK', 'VERSION'];

export function productRow(product: Product): Cell[] {
  const { id, name, topic, price, quantity, version } = product;
  return [id, name, topic, money(price), quantity, version];
}

export const orderHead = ['ORDER', 'PRODUCT', 'QUANTITY', 'PRICE', 'TOTAL', 'AT'];

/** One row for each line of an order; only the first row has number, total and time. */
export function orderRows({ number, lines, total, at }: Order): Cell[][] {
  return lines.map(({ name, quantity, price }, i) => {
    const first = i === 0;
    return [
      first ? number : '',
      name,
      quantity,
      money(price),
      first ? money(total) : '',
      first ? at : '',
    ];
  });
}
