/**
 * Checks the movements of a book (docs/STOCK.md, M1 to M3), entry by entry, and keeps the last balance of each
 * product. Pure: the audit of the order service and the check of a copy read the entries.
 */
import type { Balance } from '../wire/balance-check.js';
import type { Movement } from '../wire/movement.js';
import { productsOf } from './movement-command.js';

export interface MovementSums {
  movements: number;
  readonly balances: Map<number, Balance>;
}

export function noMovements(): MovementSums {
  return { movements: 0, balances: new Map() };
}

/**
 * Adds the movements of an entry, from the next number through `last`. `products`: the ids that the entry
 * names. Returns one sentence for each problem.
 */
export function addMovements(
  sums: MovementSums,
  run: readonly Movement[],
  products: readonly number[],
  last: number,
): string[] {
  const problems: string[] = [];
  const first = sums.movements + 1;
  const named = productsOf(run);
  if (named.length !== products.length || named.some((id, at) => id !== products[at])) {
    problems.push(`the entry of movement ${run[0]?.[0]} does not name its products`);
  }
  for (const movement of run) {
    const [number] = movement;
    if (number < first || number > last) continue;
    sums.movements++;
    if (number !== sums.movements) {
      problems.push(`movement ${number} stands where ${sums.movements} should`);
    }
    problems.push(...addMovement(sums.balances, movement));
  }
  return problems;
}

function addMovement(balances: Map<number, Balance>, movement: Movement): string[] {
  const [number, id, , , delta, reservedDelta, available, reserved] = movement;
  const [, availableBefore, reservedBefore] = balances.get(id) ?? [id, 0, 0];
  balances.set(id, [id, available, reserved]);
  const isNext =
    availableBefore + delta === available && reservedBefore + reservedDelta === reserved;
  return isNext ? [] : [`movement ${number} does not follow the one before of product ${id}`];
}
