/**
 * What a command may change that is appended but not decided yet: told to the caches at the same
 * time as the command is replicated (docs/PROTOCOL.md, R8). Better too much than too little. What
 * earlier undecided commands may change is not seen here; a restock can reach that as well.
 */
import { unreachable } from '../base/assert.js';
import type { CatalogCommand, NewProduct, Purchase } from '../wire/internal.js';
import type { Touches } from './gates.js';
import type { Products } from './products.js';
import { resolve } from './purchases.js';

const nothing: Touches = { ids: [], names: [] };

export function touchedBy(products: Products, command: CatalogCommand): Touches {
  switch (command[0]) {
    case 'sell':
      return touchedBySales(products, command[3]);
    case 'update':
    case 'remove':
      return { ids: [command[1]], names: namesOf(products, command[1]) };
    case 'add':
      return touchedByNew(products, [command[1]]);
    case 'stock':
      return touchedByNew(products, command[1]);
    case 'restock':
      return { ids: products.below(command[2]), names: [] };
    case 'cursor':
    case 'audit':
      return nothing;
    default:
      return unreachable(command);
  }
}

/** A name stays beside its id: by the time of the sale it may be another product's. */
function touchedBySales(products: Products, purchases: readonly Purchase[]): Touches {
  const ids = new Set<number>();
  const names = new Set<string>();
  for (const purchase of purchases) {
    for (const [item] of purchase[3]) {
      if (typeof item === 'string') names.add(item);
      const id = typeof item === 'number' ? item : resolve(products, item)?.id;
      if (id !== undefined) ids.add(id);
    }
  }
  return { ids: [...ids], names: [...names] };
}

/** An id that the store will give is not known yet; see CatalogMachine.isUnusedId. */
function touchedByNew(products: Products, wanted: readonly NewProduct[]): Touches {
  const ids: number[] = [];
  const names: string[] = [];
  for (const { id, name } of wanted) {
    ids.push(id ?? products.nextId);
    names.push(name);
  }
  return { ids, names };
}

function namesOf(products: Products, id: number): string[] {
  const product = products.get(id);
  return product ? [product.name] : [];
}
