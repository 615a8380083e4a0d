/** A log of orders and cancellations, applied to a state machine. Helper of tests. */
import type { Entry } from '../../src/consensus/types.js';
import { journalBook } from '../../src/order/journal-book.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { encode } from '../../src/wire/codec.js';
import type { OrderCommand, Sale } from '../../src/wire/internal.js';
import type { Cancellation, OperationKey } from '../../src/wire/trade.js';
import { digest } from '../catalog/log-builder.js';

export const customer = digest('ann');
export const rules: OrderCommand = ['rules', 3];

export function sale(number: number): Sale {
  return [number, digest(`${number}`), [[8, 'Tux', 5, 1990]], 9950, 1_000, customer];
}

export function orders(first: number, count: number): OrderCommand {
  return ['orders', first, count, encode(Array.from({ length: count }, (_, i) => sale(first + i)))];
}

/** The cancellation of one more unit of an order, of which `units` are cancelled with it. */
export function cancellation(number: number, order: number, previous = 0, units = 1): Cancellation {
  const lines = [[8, 'Tux', 1, 1990]] as const;
  const head = [number, digest(`c${number}`), order, lines, 1990, true, null, 2_000] as const;
  return [...head, previous, [8, units], units === 5];
}

export function cancellations(...some: readonly Cancellation[]): OrderCommand {
  return ['cancellations', some[0]?.[0] ?? 1, some.length, encode(some)];
}

export class OrderLog {
  readonly entries: Entry[] = [];
  readonly machine = new OrderMachine();

  append(...commands: readonly OrderCommand[]): OrderResult {
    let result: OrderResult = { kind: 'none' };
    for (const command of commands) {
      const seq = this.entries.length + 1;
      const entry = { seq, epoch: 1, time: 0, command: new Uint8Array(encode(command)) };
      this.entries.push(entry);
      result = this.machine.apply(entry);
    }
    return result;
  }

  book() {
    const now = async (): Promise<void> => {};
    const reads = {
      ...{ caughtUp: now, caughtUpTo: now, caughtUpWithCancellations: now },
      ...{ cancellationReached: now, caughtUpWithMovements: now },
    };
    return journalBook(reads, this.machine, async (seq) => this.entries[seq - 1]);
  }
}

export function keyOf(key: string): OperationKey {
  return [digest(key), 1, digest('').slice(0, 8), 0];
}

/** Resolves when all that can go on without the clock has. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
