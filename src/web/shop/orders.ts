/** The orders that this browser placed, shared by the shop's parts and by other open pages. */

import { readKept, withOrder, withoutOrder } from '../model/kept-orders.js';
import { cell } from '../store/cell.js';
import { keepText, keptText } from '../store/kept.js';

const name = 'orders';

export const keptOrders = cell<readonly number[]>(readKept(keptText(name)));

addEventListener('storage', (event) => {
  if (event.key === `bazar.${name}`) keptOrders.set(readKept(event.newValue));
});

export function rememberOrder(number: number): void {
  keep(withOrder(readKept(keptText(name) ?? JSON.stringify(keptOrders.get())), number));
}

export function forgetOrder(number: number): void {
  keep(withoutOrder(keptOrders.get(), number));
}

function keep(numbers: readonly number[]): void {
  keepText(name, JSON.stringify(numbers));
  keptOrders.set(numbers);
}
