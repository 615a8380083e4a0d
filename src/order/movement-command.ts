/** The log entry of a run of movements: it names the products, so that apply need not decode the movements. */
import { decode } from '../wire/codec.js';
import type { OrderCommand, SalesMessage } from '../wire/internal.js';
import type { Movement } from '../wire/movement.js';

export function movementsCommand([first, count, bytes]: SalesMessage): OrderCommand {
  const products = productsOf(decode(bytes) as readonly Movement[]);
  return ['movements', first, count, bytes, products];
}

/** The ids of the products, each once, ascending. */
export function productsOf(movements: readonly Movement[]): number[] {
  return [...new Set(movements.map(([, id]) => id))].sort((one, other) => one - other);
}
