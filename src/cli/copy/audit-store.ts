/**
 * Adds up a stopped store, to compare it with its copy: the books of each product, all orders, cancellations
 * and movements of stock, the keys, the holds, the uses of limits, and the hash of the catalog's state.
 */
import { createHash, type Hash } from 'node:crypto';
import { toCancellation, toMovement, toSale } from '../../database/book-rows.js';
import { type Balance, balanceProblems } from '../../wire/balance-check.js';
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

/** What the orders, cancellations and movements add up to. */
interface Sums {
  orders: number;
  cancellations: number;
  movements: number;
  totalCents: bigint;
  /** Ordered units by product. */
  readonly units: Map<number, number>;
  /** Units by product that cancellations put back into stock. */
  readonly returned: Map<number, number>;
  readonly book: Hash;
  readonly ledger: Hash;
  /** The stock after the last movement of each product. */
  readonly balances: Map<number, Balance>;
  readonly problems: string[];
}

export async function auditStore(source: StoreSource): Promise<StoreAudit> {
  const { place, machine, end } = source;
  machine.invariants();
  const sums: Sums = {
    ...{ orders: 0, cancellations: 0, movements: 0, totalCents: 0n },
    ...{ units: new Map(), returned: new Map(), balances: new Map(), problems: [] },
    ...{ book: createHash('sha256'), ledger: createHash('sha256') },
  };
  await addOrders(source, sums);
  await addCancellations(source, sums);
  await addMovements(source, sums);
  const { orders, cancellations, movements, totalCents, book, ledger, problems } = sums;
  const books = booksOf(source, sums);
  const units = [...books.values()].reduce((sum, { ordered }) => sum + ordered, 0);
  const { head } = machine.view();
  return {
    ...{ place, seq: end.seq, logTime: head.logTime },
    ...{ products: machine.productCount, orders, units, totalCents, cancellations, movements },
    ...{ clientKeys: head.clientKeys, frontendKeys: head.frontendKeys },
    ...{ changeKeys: head.writeKeys ?? 0, holds: head.holds ?? 0, uses: head.uses ?? 0 },
    ...{ state: machine.hash(), book: book.digest('hex'), books },
    ledger: movements === 0 ? '' : ledger.digest('hex'),
    problems: problems.slice(0, differencesMax),
  };
}

async function addOrders({ orders }: StoreSource, sums: Sums): Promise<void> {
  const { units, book, problems } = sums;
  for await (const rows of orders(1)) {
    for (const row of rows) {
      sums.orders++;
      if (row.number !== sums.orders) {
        problems.push(`order ${row.number} stands where ${sums.orders} should`);
      }
      sums.totalCents += BigInt(row.totalCents);
      for (const { productId, quantity } of row.lines) add(units, productId, quantity);
      book.update(encode(toSale(row)));
    }
    if (problems.length >= differencesMax) break;
  }
}

async function addCancellations({ cancellations }: StoreSource, sums: Sums): Promise<void> {
  const { returned, book, problems } = sums;
  for await (const rows of cancellations(1)) {
    for (const row of rows) {
      sums.cancellations++;
      if (row.number !== sums.cancellations) {
        problems.push(`cancellation ${row.number} stands where ${sums.cancellations} should`);
      }
      book.update(encode(toCancellation(row)));
      if (!row.restock) continue;
      for (const { productId, quantity } of row.lines) add(returned, productId, quantity);
    }
    if (problems.length >= differencesMax) break;
  }
}

async function addMovements({ machine, movements }: StoreSource, sums: Sums): Promise<void> {
  const { ledger, balances, problems } = sums;
  for await (const rows of movements(1)) {
    for (const row of rows) {
      sums.movements++;
      if (row.number !== sums.movements) {
        problems.push(`movement ${row.number} stands where ${sums.movements} should`);
      }
      balances.set(row.productId, [row.productId, row.available, row.reserved]);
      ledger.update(encode(toMovement(row)));
    }
    if (problems.length >= differencesMax) return;
  }
  problems.push(...balanceProblems(machine.books(), balances.values()));
}

/** The books of the products. Adds a problem for each that the orders or cancellations contradict. */
function booksOf({ machine }: StoreSource, sums: Sums): Map<number, ProductAudit> {
  const { units, returned: back, problems } = sums;
  const books = new Map<number, ProductAudit>();
  for (const { id, name, received, sold, stock, returned } of machine.books()) {
    const ordered = units.get(id) ?? 0;
    const version = machine.view().product(id)?.version ?? 0;
    books.set(id, { name, version, received, sold, stock, ordered, returned });
    const inBook = back.get(id) ?? 0;
    if (inBook !== returned) {
      problems.push(`${name} (${id}): returned ${returned}, but ${inBook} by the cancellations`);
    }
    if (ordered !== sold) problems.push(`${name} (${id}): sold ${sold}, but ordered ${ordered}`);
  }
  return books;
}

function add(units: Map<number, number>, id: number, quantity: number): void {
  units.set(id, (units.get(id) ?? 0) + quantity);
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
