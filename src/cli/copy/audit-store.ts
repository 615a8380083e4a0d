/**
 * Adds up a stopped store, to compare it with its copy: the books of each product, all orders, the keys,
 * the holds, the uses of limits, and the hash of the catalog's state.
 */
import { createHash } from 'node:crypto';
import { toCancellation, toMovement, toSale } from '../../database/book-rows.js';
import { encode } from '../../wire/codec.js';
import type { StoreSource } from './store-source.js';

const differencesMax = 20;

export interface ProductAudit {
  readonly name: string;
  readonly version: number;
  readonly received: number;
  readonly sold: number;
  readonly stock: number;
  /** Units in all orders. */
  readonly ordered: number;
  /** Units that went back into stock. */
  readonly returned: number;
}

export interface StoreAudit {
  readonly place: string;
  readonly seq: number;
  readonly logTime: number;
  readonly products: number;
  readonly orders: number;
  readonly units: number;
  readonly cancellations: number;
  readonly movements: number;
  /** Exact also above the whole numbers of JavaScript. */
  readonly totalCents: bigint;
  readonly clientKeys: number;
  readonly frontendKeys: number;
  readonly changeKeys: number;
  /** Open ones, and resolved ones that are still answered. */
  readonly holds: number;
  /** Uses of purchase limits. */
  readonly uses: number;
  /** Hash of the catalog's state. */
  readonly state: string;
  /** Hash of all cancellations, and of all orders with their keys, lines and times. */
  readonly book: string;
  /** Hash of all movements of stock; empty if there are none. */
  readonly ledger: string;
  readonly books: ReadonlyMap<number, ProductAudit>;
  /** What does not balance within this store. */
  readonly problems: readonly string[];
}

export async function auditStore({
  place,
  machine,
  end,
  orders,
  cancellations,
  movements,
}: StoreSource): Promise<StoreAudit> {
  machine.invariants();
  const hash = createHash('sha256');
  const units = new Map<number, number>();
  const problems: string[] = [];
  let count = 0;
  let totalCents = 0n;
  for await (const rows of orders(1)) {
    for (const row of rows) {
      count++;
      if (row.number !== count) problems.push(`order ${row.number} stands where ${count} should`);
      totalCents += BigInt(row.totalCents);
      for (const { productId, quantity } of row.lines) {
        units.set(productId, (units.get(productId) ?? 0) + quantity);
      }
      hash.update(encode(toSale(row)));
    }
    if (problems.length >= differencesMax) break;
  }
  const back = new Map<number, number>();
  let cancelled = 0;
  for await (const rows of cancellations(1)) {
    for (const row of rows) {
      cancelled++;
      const { number, restock, lines } = row;
      if (number !== cancelled) {
        problems.push(`cancellation ${number} stands where ${cancelled} should`);
      }
      hash.update(encode(toCancellation(row)));
      if (!restock) continue;
      for (const { productId: id, quantity } of lines) back.set(id, (back.get(id) ?? 0) + quantity);
    }
    if (problems.length >= differencesMax) break;
  }
  const ledger = createHash('sha256');
  let moved = 0;
  for await (const rows of movements(1)) {
    for (const row of rows) {
      moved++;
      const { number } = row;
      if (number !== moved) problems.push(`movement ${number} stands where ${moved} should`);
      ledger.update(encode(toMovement(row)));
    }
    if (problems.length >= differencesMax) break;
  }
  const books = new Map<number, ProductAudit>();
  let sum = 0;
  for (const { id, name, received, sold, stock, returned } of machine.books()) {
    const ordered = units.get(id) ?? 0;
    const version = machine.view().product(id)?.version ?? 0;
    books.set(id, { name, version, received, sold, stock, ordered, returned });
    const inBook = back.get(id) ?? 0;
    if (inBook !== returned) {
      problems.push(`${name} (${id}): returned ${returned}, but ${inBook} by the cancellations`);
    }
    sum += ordered;
    if (ordered !== sold) problems.push(`${name} (${id}): sold ${sold}, but ordered ${ordered}`);
  }
  const { head } = machine.view();
  return {
    ...{ place, seq: end.seq, logTime: head.logTime },
    ...{ products: machine.productCount, orders: count, units: sum, totalCents },
    ...{ cancellations: cancelled, movements: moved },
    ...{ clientKeys: head.clientKeys, frontendKeys: head.frontendKeys },
    ...{ changeKeys: head.writeKeys ?? 0, holds: head.holds ?? 0, uses: head.uses ?? 0 },
    ...{ state: machine.hash(), book: hash.digest('hex'), books },
    ledger: moved === 0 ? '' : ledger.digest('hex'),
    problems: problems.slice(0, differencesMax),
  };
}

/** The fields that both sides must have alike, in the order in which they are shown. */
export const comparedFields = [
  'seq',
  'logTime',
  'products',
  'orders',
  'units',
  'totalCents',
  'cancellations',
  'movements',
  'clientKeys',
  'frontendKeys',
  'changeKeys',
  'holds',
  'uses',
  'state',
  'book',
  'ledger',
] as const;

/** Names what differs; empty if the copy is equal. */
export function auditDifferences(source: StoreAudit, target: StoreAudit): string[] {
  const found = [source, target].flatMap(({ place, problems }) =>
    problems.map((problem) => `${place}: ${problem}`),
  );
  for (const field of comparedFields) {
    const [one, other] = [source[field], target[field]];
    if (one !== other) found.push(`${field}: ${one} in the source, ${other} in the target`);
  }
  for (const id of new Set([...source.books.keys(), ...target.books.keys()])) {
    const [one, other] = [source, target].map(({ books }) => JSON.stringify(books.get(id)));
    if (one !== other) found.push(`product ${id}: ${one} in the source, ${other} in the target`);
  }
  return found.slice(0, differencesMax);
}
