/**
 * The order service with one rule broken (bugs.ts): when a sale is answered, how "not found" is decided,
 * and how a new leader continues.
 */
import type { Entry } from '../src/consensus/types.js';
import { OrderMachine, type OrderResult } from '../src/order/order-machine.js';
import { OrderStore } from '../src/order/store.js';
import type { OwnerCall } from '../src/pool/types.js';
import { decode, encode } from '../src/wire/codec.js';
import type { OrderCommand, Outcome } from '../src/wire/internal.js';
import { RecancellingMachine } from './broken-cancellations.js';
import { RepeatedLedgerMachine } from './broken-ledgers.js';
import type { Bug } from './bugs.js';
import type { World } from './world.js';

export function newOrderMachine(world: World): OrderMachine {
  if (world.hasBug('cancellations-are-taken-twice')) return new RecancellingMachine();
  if (world.hasBug('movements-are-taken-twice')) return new RepeatedLedgerMachine();
  return world.hasBug('sales-become-orders-twice') ? new RepeatingMachine() : new OrderMachine();
}

/** Takes every sale of an entry as a new order, known or not. */
class RepeatingMachine extends OrderMachine {
  override apply(entry: Entry): OrderResult {
    const command = entry.command.length > 0 ? (decode(entry.command) as OrderCommand) : undefined;
    if (command?.[0] !== 'orders' || command[1] > this.lastOrder) return super.apply(entry);
    const [, , count, sales] = command;
    const again = encode(['orders', this.lastOrder + 1, count, sales]);
    return super.apply({ ...entry, command: again });
  }
}

export function newOrderStore(
  world: World,
  options: ConstructorParameters<typeof OrderStore>[0],
): OrderStore {
  return new BrokenOrders(world, options);
}

/** An order is read as if it could not be cancelled. */
const rulesOfOrders = [
  ...['orders-without-position', 'not-found-by-the-order-group', 'not-found-at-the-deadline'],
  'cancellations-without-position',
] as readonly Bug[];

class BrokenOrders extends OrderStore {
  readonly #world: World;
  readonly #orderPosition: () => Promise<number>;

  constructor(world: World, options: ConstructorParameters<typeof OrderStore>[0]) {
    const isLone = world.hasBug('lone-sales-are-safe');
    super(isLone ? { ...options, salesAreSafe: true } : options);
    this.#world = world;
    this.#orderPosition = () => options.group.readBarrier();
  }

  override get answersAtSale(): boolean {
    const early = this.#world.hasBug('answers-early-before-the-rules') && this.status().serving;
    return early || super.answersAtSale;
  }

  override async caughtUpTo(number: number): Promise<void> {
    if (this.#world.hasBug('orders-without-position')) return;
    if (this.#world.hasBug('not-found-by-the-order-group')) {
      await this.#orderPosition();
      return;
    }
    if (this.#world.hasBug('not-found-at-the-deadline')) {
      await super.caughtUpTo(number).catch(() => {});
      return;
    }
    await super.caughtUpTo(number);
  }

  override async caughtUpWithCancellations(number: number): Promise<void> {
    if (rulesOfOrders.some((bug) => this.#world.hasBug(bug))) await this.caughtUpTo(number);
    else await super.caughtUpWithCancellations(number);
  }

  override async caughtUpWithMovements(): Promise<void> {
    if (!this.#world.hasBug('ledgers-without-position')) await super.caughtUpWithMovements();
  }

  override async caughtUp(): Promise<void> {
    if (this.#world.hasBug('lists-without-position')) await this.#orderPosition();
    else await super.caughtUp();
  }
}

/** The seeded bug: the order leader answers with the next number, before the catalog has committed. */
export function answersBeforeTheSale(
  world: World,
  pass: (calls: OwnerCall[]) => void,
): (calls: OwnerCall[]) => void {
  if (!world.hasBug('answers-before-the-sale')) return pass;
  return (calls) => {
    const guessed = calls.map((call): OwnerCall => {
      if (call.operation !== 'buy') return call;
      const next = world.books.sales.length + 1;
      const outcome: Outcome = ['sold', next, 0, false];
      call.reply(undefined, outcome);
      return { ...call, reply: () => {} };
    });
    pass(guessed);
  };
}
