/**
 * A job: recomputes the order book from the journal, with the `apply` that serves, and adds up all
 * orders, cancellations and movements. It reads the files of a running service and changes nothing.
 */
import type { Entry } from '../consensus/types.js';
import { readLog } from '../group/read-log.js';
import { createNodeDisk } from '../storage/node-disk.js';
import type { Balance } from '../wire/balance-check.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand, Sale, SaleLine } from '../wire/internal.js';
import type { Movement } from '../wire/movement.js';
import type { Cancellation } from '../wire/trade.js';
import { addMovements, type MovementSums, noMovements } from './movement-audit.js';
import { OrderMachine } from './order-machine.js';

export interface BookArgs {
  readonly journalFolder: string;
  readonly throughSeq: number;
  /** Later orders, cancellations and movements are excluded from the sums. */
  readonly throughOrder: number;
  readonly throughCancellation: number;
  readonly throughMovement: number;
}

type Units = readonly (readonly [id: number, units: number])[];

export interface BookAnswer {
  readonly hash: string;
  readonly orders: number;
  readonly units: Units;
  readonly cancellations: number;
  /** Units of the cancellations that went back into stock. */
  readonly returned: Units;
  readonly movements: number;
  /** Of each product with movements, after its last one. */
  readonly balances: readonly Balance[];
  readonly problems: readonly string[];
}

interface Reading {
  readonly machine: OrderMachine;
  readonly units: Map<number, number>;
  readonly cancelled: Map<number, number>;
  readonly returned: Map<number, number>;
  /** The newest cancellation of each order. */
  readonly newest: Map<number, Cancellation>;
  readonly moved: MovementSums;
  readonly problems: string[];
  orders: number;
  cancellations: number;
}

export async function readBook(args: BookArgs): Promise<BookAnswer> {
  const { journalFolder, throughSeq } = args;
  const reading: Reading = {
    machine: new OrderMachine(),
    ...{ units: new Map(), cancelled: new Map(), returned: new Map(), newest: new Map() },
    ...{ moved: noMovements(), problems: [], orders: 0, cancellations: 0 },
  };
  await readLog(createNodeDisk(), journalFolder, { fromSeq: 1, throughSeq }, (entry) =>
    addEntry(reading, entry, args),
  );
  const { machine, orders, cancellations, units, cancelled, returned, problems } = reading;
  for (const [id, some] of cancelled) {
    const all = units.get(id) ?? 0;
    if (some > all) problems.push(`product ${id}: ${some} cancelled, but ${all} ordered`);
  }
  const { movements, balances } = reading.moved;
  const moved = { movements, balances: [...balances.values()] };
  const sums = { units: [...units], returned: [...returned], ...moved };
  return { hash: machine.hash(), orders, cancellations, ...sums, problems };
}

function addEntry(reading: Reading, entry: Entry, through: BookArgs): void {
  const { lastOrder, lastCancellation } = reading.machine;
  const result = reading.machine.apply(entry);
  if (!('taken' in result) || result.taken === 0) return;
  const command = decode(entry.command) as OrderCommand;
  if (command[0] === 'orders') {
    for (const sale of decode(command[3]) as readonly Sale[]) {
      const [number] = sale;
      if (number > lastOrder && number <= through.throughOrder) addOrder(reading, sale);
    }
  } else if (command[0] === 'cancellations') {
    for (const one of decode(command[3]) as readonly Cancellation[]) {
      const [number] = one;
      const isWanted = number > lastCancellation && number <= through.throughCancellation;
      if (isWanted) addCancellation(reading, one);
    }
  } else if (command[0] === 'movements') {
    const [, , , bytes, products] = command;
    const run = decode(bytes) as readonly Movement[];
    reading.problems.push(...addMovements(reading.moved, run, products, through.throughMovement));
  }
}

function addOrder(reading: Reading, [number, , lines, totalCents]: Sale): void {
  reading.orders++;
  if (number !== reading.orders) {
    reading.problems.push(`order ${number} stands where ${reading.orders} should`);
  }
  for (const [id, , quantity] of lines) add(reading.units, id, quantity);
  if (!isTotal(lines, totalCents))
    reading.problems.push(`the lines of order ${number} are not its total`);
}

function addCancellation(reading: Reading, cancellation: Cancellation): void {
  const [number, , order, lines, totalCents, restock, , , previous, cancelled] = cancellation;
  const { problems, newest } = reading;
  reading.cancellations++;
  if (number !== reading.cancellations) {
    problems.push(`cancellation ${number} stands where ${reading.cancellations} should`);
  }
  for (const [id, , quantity] of lines) {
    add(reading.cancelled, id, quantity);
    if (restock) add(reading.returned, id, quantity);
  }
  if (!isTotal(lines, totalCents)) {
    problems.push(`the lines of cancellation ${number} are not its total`);
  }
  const before = newest.get(order);
  newest.set(order, cancellation);
  const sums = unitsOf(before?.[9] ?? []);
  for (const [id, , quantity] of lines) add(sums, id, quantity);
  const isNext = previous === (before?.[0] ?? 0);
  const isSum = JSON.stringify([...sums]) === JSON.stringify([...unitsOf(cancelled)]);
  if (!isNext || !isSum) {
    problems.push(`cancellation ${number} does not follow the one before of order ${order}`);
  }
}

function unitsOf(flat: readonly number[]): Map<number, number> {
  const units = new Map<number, number>();
  for (let at = 0; at < flat.length; at += 2) units.set(flat[at] ?? 0, flat[at + 1] ?? 0);
  return units;
}

function add(units: Map<number, number>, id: number, quantity: number): void {
  units.set(id, (units.get(id) ?? 0) + quantity);
}

/** A total of an earlier build may be rounded, so this sum uses exact arithmetic. */
function isTotal(lines: readonly SaleLine[], totalCents: number): boolean {
  let sum = 0n;
  for (const [, , quantity, priceCents] of lines) sum += BigInt(quantity) * BigInt(priceCents);
  return sum === BigInt(totalCents);
}
