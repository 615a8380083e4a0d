/** How products and orders look in tables. */
import type { Order, Product } from '../../wire/schemas.js';
import { type Cell, money } from './output.js';

export const productHead = ['ID', 'NAME', 'TOPIC', 'PRICE', 'STOCK', 'VERSION'];

export function productRow(product: Product): Cell[] {
  const { id, name, topic, price, quantity, version } = product;
  return [id, name, topic, money(price), quantity, version];
}

export const orderHead = ['ORDER', 'PRODUCT', 'QUANTITY', 'PRICE', 'TOTAL', 'AT'];

/** One row a line; number, total and time stand in the first. */
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
