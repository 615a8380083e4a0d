/**
 * Reads the movements of a product from the log: the machine knows the entries that name it. One answer reads
 * a bounded part of the book and returns the number after which the next one continues. Uses no file.
 * Invariant: following `next` visits every movement of the product once.
 */
import { assert } from '../base/assert.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand } from '../wire/internal.js';
import type { LedgerAnswer, Movement } from '../wire/movement.js';
import { type ReadEntry, readBookEntry } from './order-book.js';
import type { OrderPlace } from './order-index.js';

/** Maxima of one answer. Reading an entry is a disk read, decoding a movement takes about a microsecond. */
const readEntriesMax = 256;
const decodedMovementsMax = 20_000;

export interface MovementPlaces {
  readonly lastMovement: number;
  locateMovement(number: number): OrderPlace | undefined;
  /** The entries that may have movements of the product, ascending, from `fromSeq` on. */
  movementEntriesOf(product: number, fromSeq: number): Iterable<number>;
}

/**
 * The movements of the product above `after`, ascending, at most `limit`. With a `next`, more may follow;
 * then the page may be empty.
 */
export async function readLedger(
  places: MovementPlaces,
  product: number,
  after: number,
  limit: number,
  readEntry: ReadEntry,
): Promise<LedgerAnswer> {
  const start = places.locateMovement(after + 1);
  if (!start) return [[], null];
  const found: Movement[] = [];
  let [last, entries, decoded] = [after, 0, 0];
  for (const seq of places.movementEntriesOf(product, start.seq)) {
    const isFull = found.length >= limit || decoded >= decodedMovementsMax;
    if (isFull || entries++ === readEntriesMax) return [found, last];
    const run = await readMovements(seq, readEntry);
    decoded += run.length;
    for (const movement of run) {
      // An entry may repeat movements of the entry before.
      if (movement[0] <= last || movement[1] !== product) continue;
      if (found.length >= limit) return [found, last];
      found.push(movement);
      last = movement[0];
    }
    if (found.length < limit) last = Math.max(last, run.at(-1)?.[0] ?? 0);
  }
  return [found, null];
}

async function readMovements(seq: number, readEntry: ReadEntry): Promise<readonly Movement[]> {
  const entry = await readBookEntry(seq, readEntry);
  const command = decode(entry.command) as OrderCommand;
  assert(command[0] === 'movements', `entry ${seq} holds movements`);
  return decode(command[3]) as readonly Movement[];
}
