/**
 * A job: recomputes the order book from the journal, with the `apply` that serves, and adds up all
 * orders. It reads the files of a running service and changes nothing.
 */
import type { Entry } from '../consensus/types.js';
import { readLog } from '../group/read-log.js';
import { createNodeDisk } from '../storage/node-disk.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand, Sale } from '../wire/internal.js';
import { OrderMachine } from './order-machine.js';

export interface BookArgs {
  readonly journalFolder: string;
  readonly throughSeq: number;
  /** Later orders are excluded from the sums. */
  readonly throughOrder: number;
}

export interface BookAnswer {
  readonly hash: string;
  readonly orders: number;
  readonly units: readonly (readonly [id: number, units: number])[];
  readonly problems: readonly string[];
}

interface Reading {
  readonly machine: OrderMachine;
  readonly units: Map<number, number>;
  readonly problems: string[];
  orders: number;
}

export async function readBook(args: BookArgs): Promise<BookAnswer> {
  const { journalFolder, throughSeq, throughOrder } = args;
  const reading: Reading = {
    machine: new OrderMachine(),
    units: new Map(),
    problems: [],
    orders: 0,
  };
  await readLog(createNodeDisk(), journalFolder, { fromSeq: 1, throughSeq }, (entry) =>
    addEntry(reading, entry, throughOrder),
  );
  const { machine, orders, units, problems } = reading;
  return { hash: machine.hash(), orders, units: [...units], problems };
}

function addEntry(reading: Reading, entry: Entry, throughOrder: number): void {
  const before = reading.machine.lastOrder;
  const result = reading.machine.apply(entry);
  if (result.kind !== 'orders' || result.taken === 0) return;
  const [, , , bytes] = decode(entry.command) as OrderCommand & readonly ['orders', ...unknown[]];
  for (const sale of decode(bytes as Uint8Array) as readonly Sale[]) {
    const [number] = sale;
    if (number > before && number <= throughOrder) addOrder(reading, sale);
  }
}

function addOrder(reading: Reading, [number, , lines, totalCents]: Sale): void {
  reading.orders++;
  if (number !== reading.orders) {
    reading.problems.push(`order ${number} stands where ${reading.orders} should`);
  }
  // A total of an earlier build may be rounded, so this sum uses exact arithmetic.
  let sum = 0n;
  for (const [id, , quantity, priceCents] of lines) {
    reading.units.set(id, (reading.units.get(id) ?? 0) + quantity);
    sum += BigInt(quantity) * BigInt(priceCents);
  }
  if (sum !== BigInt(totalCents))
    reading.problems.push(`the lines of order ${number} are not its total`);
}
