import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { CatalogMachine } from '../../src/catalog/machine/catalog-machine.js';
import { SalesStream, type Subscriber } from '../../src/catalog/sales/sales-stream.js';
import type { Entry } from '../../src/consensus/types.js';
import type { Group, GroupStatus } from '../../src/group/types.js';
import { journalBook } from '../../src/order/journal-book.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { Projection } from '../../src/order/projection.js';
import { OrderStore } from '../../src/order/store.js';
import { ThreadHandler } from '../../src/order/thread-handler.js';
import { decode as decodeAny, encode } from '../../src/wire/codec.js';
import type { CatalogCommand, OrderCommand, Sale } from '../../src/wire/internal.js';
import type { Cancellation, OperationKey, TradeOperation } from '../../src/wire/trade.js';
import { digest, product } from '../catalog/log-builder.js';
import { ManualClock } from '../helpers/manual-clock.js';

const customer = digest('ann');
const rules: OrderCommand = ['rules', 3];

function sale(number: number): Sale {
  return [number, digest(`${number}`), [[8, 'Tux', 5, 1990]], 9950, 1_000, customer];
}

function orders(first: number, count: number): OrderCommand {
  return ['orders', first, count, encode(Array.from({ length: count }, (_, i) => sale(first + i)))];
}

/** The cancellation of one more unit of an order, of which `units` are cancelled with it. */
function cancellation(number: number, order: number, previous = 0, units = 1): Cancellation {
  const lines = [[8, 'Tux', 1, 1990]] as const;
  const head = [number, digest(`c${number}`), order, lines, 1990, true, null, 2_000] as const;
  return [...head, previous, [8, units], units === 5];
}

function cancellations(...some: readonly Cancellation[]): OrderCommand {
  return ['cancellations', some[0]?.[0] ?? 1, some.length, encode(some)];
}

class OrderLog {
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

t.test('cancellations are taken once, in the order of their numbers', async (t) => {
  const log = new OrderLog();
  log.append(rules, orders(1, 2));
  const [one, two, three] = [cancellation(1, 2), cancellation(2, 1), cancellation(3, 2, 1, 2)];
  t.same(log.append(cancellations(one)), { kind: 'cancellations', last: 1, taken: 1 });
  t.same(log.append(cancellations(one)), { kind: 'cancellations', last: 1, taken: 0 });
  t.same(log.append(cancellations(three)), { kind: 'cancellations', last: 1, taken: 0 }, 'a gap');
  const both = cancellations(one, two, three);
  t.same(log.append(both), { kind: 'cancellations', last: 3, taken: 2 });
  t.same(log.machine.locateCancellation(3), { seq: 6, offset: 2 });
  t.same(
    [1, 2, 3].map((order) => log.machine.newestCancellationOf(order)),
    [2, 3, undefined],
  );
  t.equal(log.machine.lastOrder, 2);
  log.machine.invariants();
});

t.test('a snapshot has the cancellations, and the hash tells them apart', async (t) => {
  const log = new OrderLog();
  log.append(rules, orders(1, 2));
  const before = log.machine.hash();
  log.append(cancellations(cancellation(1, 2)), cancellations(cancellation(2, 2, 1, 2)));
  t.not(log.machine.hash(), before);
  const restored = new OrderMachine();
  restored.restore(log.machine.snapshot());
  restored.invariants();
  t.equal(restored.hash(), log.machine.hash());
  t.same([restored.lastCancellation, restored.newestCancellationOf(2)], [2, 2]);
  const other = new OrderLog();
  other.append(rules, orders(1, 2), cancellations(cancellation(1, 1)));
  other.append(cancellations(cancellation(2, 1, 1, 2)));
  t.not(other.machine.hash(), log.machine.hash());
});

t.test('an order is read with what is cancelled of it, and listed with it', async (t) => {
  const log = new OrderLog();
  log.append(rules, orders(1, 3), cancellations(cancellation(1, 2), cancellation(2, 2, 1, 2)));
  const book = log.book();
  t.same(await book.sale(2), sale(2));
  t.same(await book.order(1), sale(1));
  t.same(await book.order(2), [...sale(2), [8, 2]]);
  t.equal(await book.order(4), null);
  const [listed] = await book.orders(0, 10);
  t.same(listed, [sale(1), [...sale(2), [8, 2]], sale(3)]);
  const [found] = await book.find([1, 0, null, 2, null, null, null, null]);
  t.same(found, [sale(3), [...sale(2), [8, 2]]]);
});

t.test('the cancellations of an order are listed newest first, in pages', async (t) => {
  const log = new OrderLog();
  const [one, two, other] = [cancellation(1, 2), cancellation(2, 2, 1, 2), cancellation(3, 1)];
  const last = cancellation(4, 2, 2, 3);
  log.append(rules, orders(1, 3), cancellations(one, two), cancellations(other, last));
  const book = log.book();
  t.same(await book.cancellations(2, null, 10), [[last, two, one], null]);
  t.same(await book.cancellations(2, null, 2), [[last, two], 2]);
  t.same(await book.cancellations(2, 2, 2), [[one], null]);
  t.same(await book.cancellations(3, null, 10), [[], null]);
  t.equal(await book.cancellations(4, null, 10), null);
  t.same(await book.cancellation(3), other);
  t.equal(await book.cancellation(5), null);
});

function status(serving: boolean): GroupStatus {
  return { id: 'order-1', role: 'follower', serving, epoch: 1 } as GroupStatus;
}

/** A store whose answers of the catalog are the test's to give. */
function openStore({ serving = true, salesAreSafe = true } = {}) {
  const clock = new ManualClock();
  const log = new OrderLog();
  const asked: { answer(sale: number, cancellation: number): void }[] = [];
  const traded: TradeOperation[] = [];
  let barriers = 0;
  const group = {
    status: () => status(serving),
    announceVisible: () => {},
    readBarrier: async () => ++barriers,
    onRole: () => {},
  } as unknown as Group<OrderResult>;
  const store = new OrderStore({
    ...{ group, machine: log.machine, clock, salesAreSafe },
    catalogClient: {
      logTime: 5,
      sell: async () => [],
      async trade(_epoch, operations) {
        traded.push(...operations);
        return operations.map(() => ['cancelled', 1, 1, false] as const);
      },
      lastSale: () =>
        new Promise((resolve) => {
          asked.push({ answer: (...numbers) => resolve([...numbers, 0]) });
        }),
    },
  });
  return {
    ...{ clock, log, store, asked, traded },
    barriers: () => barriers,
    append(...commands: readonly OrderCommand[]) {
      for (const command of commands) {
        const result = log.append(command);
        store.applied(log.entries.at(-1) as Entry, result);
      }
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a read of an order waits for the last cancellation that anyone may know of', async (t) => {
  const { store, asked, clock, append, barriers } = openStore({ serving: false });
  append(rules, orders(1, 1), cancellations(cancellation(1, 1)));
  let isRead = false;
  const read = store.caughtUpWithCancellations(1).then(() => {
    isRead = true;
  });
  clock.advance(0);
  await settled();
  asked[0]?.answer(1, 2);
  await settled();
  t.equal(isRead, false, 'this follower does not have it yet');
  append(cancellations(cancellation(2, 1, 1, 2)));
  await read;
  t.equal(barriers(), 0);
});

t.test('a cancellation is answered from the book, even if no position names it', async (t) => {
  const { store, log, append } = openStore({ salesAreSafe: false });
  append(rules, orders(1, 1));
  const book = journalBook(store, log.machine, async (seq) => log.entries[seq - 1]);
  const answer = book.cancellation(1);
  await settled();
  append(cancellations(cancellation(1, 1)));
  t.equal((await answer)?.[2], 1);
});

t.test('a replica that has no cancellations yet asks its group for newer rules', async (t) => {
  const { store, asked, clock, append, barriers } = openStore({ serving: false });
  append(['rules', 2], orders(1, 1));
  const read = store.caughtUpWithCancellations(1);
  await settled();
  t.equal(barriers(), 1);
  clock.advance(0);
  await settled();
  asked[0]?.answer(1, 0);
  await read;
});

function keyOf(key: string): OperationKey {
  return [digest(key), 1, digest('').slice(0, 8), 0];
}

function ask(handler: ThreadHandler, order: number): Promise<unknown> {
  return new Promise((resolve) => {
    const args = ['cancel', keyOf('k'), order, null, true, 'broken'];
    const reply = (error: Error | undefined, answer?: unknown): void => resolve(error ?? answer);
    handler.calls([{ operation: 'trade', args, reply }]);
  });
}

t.test('the order leader adds what the order has', async (t) => {
  const { log, store, traded, append } = openStore();
  append(rules, orders(1, 2));
  const handler = new ThreadHandler(store, log.book());
  t.same(await ask(handler, 2), ['cancelled', 1, 1, false]);
  t.same(traded, [['cancel', keyOf('k'), 2, sale(2)[2], customer, null, true, 'broken']]);
  t.match(await ask(handler, 3), { code: 'not_found' });
});

t.test('without the lead or the rules no cancellation is taken', async (t) => {
  const follower = openStore({ serving: false });
  follower.append(rules, orders(1, 1));
  const asFollower = new ThreadHandler(follower.store, follower.log.book());
  t.match(await ask(asFollower, 1), { code: 'unavailable' });
  const older = openStore();
  older.append(['rules', 2], orders(1, 1));
  const asOlder = new ThreadHandler(older.store, older.log.book());
  t.match(await ask(asOlder, 1), { code: 'unavailable', message: /build/ });
  t.same([follower.traded, older.traded], [[], []]);
});

/** Two catalog replicas with one log, and two order replicas with one log; leaders change at will. */
class Shop {
  readonly clock = new ManualClock();
  readonly catalogs = [new CatalogMachine(), new CatalogMachine()];
  readonly orderLog: Entry[] = [];
  readonly orders = [new OrderMachine(), new OrderMachine()];
  readonly subscribed: (number | undefined)[] = [];
  #seq = 0;
  #epoch = 0;
  #stream: { sales: SalesStream; cancellations: SalesStream } | undefined;
  #subscribers: Subscriber[] = [];
  #projection: Projection | undefined;
  #key = 0;

  constructor() {
    this.catalog(['stock', [product('Tux', { id: 1, quantity: 1_000 })]]);
    this.catalog(['rules', 3, { restockTo: 0, bundled: [] }]);
    this.order(['rules', 3]);
    this.leadCatalog(0);
    this.leadOrders(0);
  }

  catalog(command: CatalogCommand) {
    const bytes = new Uint8Array(encode(command));
    const entry = { seq: ++this.#seq, epoch: 1, time: 0, command: bytes };
    const [result] = this.catalogs.map((machine) => machine.apply(entry));
    if (result?.kind === 'trade') {
      if (result.sales) this.#stream?.sales.applied(result.sales[1]);
      if (result.cancellations) this.#stream?.cancellations.applied(result.cancellations[1]);
    }
    return result;
  }

  order(command: OrderCommand): void {
    const bytes = new Uint8Array(encode(command));
    const entry = { seq: this.orderLog.length + 1, epoch: 1, time: 0, command: bytes };
    this.orderLog.push(entry);
    for (const machine of this.orders) machine.apply(entry);
  }

  leadCatalog(index: number): void {
    const machine = this.catalogs[index];
    if (!machine) throw new Error('no catalog');
    this.#subscribers = [];
    this.#stream = {
      sales: new SalesStream(machine, this.clock),
      cancellations: new SalesStream(
        {
          salesFrom: (number, max) => machine.cancellations.from(number, max),
          get watermark() {
            return machine.cancellations.watermark;
          },
        },
        this.clock,
      ),
    };
    this.#projection?.broken();
  }

  leadOrders(index: number): void {
    const machine = this.orders[index];
    if (!machine) throw new Error('no order replica');
    this.#projection?.resign();
    const projection: Projection = new Projection({
      ...{ clock: this.clock, logger: silentLogger, answersAtSale: () => true },
      lastOrder: () => machine.lastOrder,
      lastCancellation: () => machine.lastCancellation,
      propose: async (command) => {
        if (this.#projection !== projection) throw new Error('not leading');
        this.order(decodeCommand(command));
      },
      subscription: {
        tail: async (from, _epoch, _gathers, cancellationsFrom) => {
          this.subscribed.push(cancellationsFrom);
          const sales = { gathers: true, send: (run: never) => projection.sold(run) };
          const cancelled = { gathers: true, send: (run: never) => projection.cancelled(run) };
          this.#subscribers = [sales as Subscriber, cancelled as Subscriber];
          this.#stream?.sales.subscribe(sales as Subscriber, from);
          this.#stream?.cancellations.subscribe(cancelled as Subscriber, cancellationsFrom ?? 1);
        },
        confirm: (number, _epoch, cancelled = 0) => {
          const [sales, other] = this.#subscribers;
          if (sales) this.#stream?.sales.confirm(sales, number);
          if (other) this.#stream?.cancellations.confirm(other, cancelled);
          this.catalog(['cursor', number, cancelled]);
        },
      },
    });
    this.#projection = projection;
    projection.startProjection(++this.#epoch);
  }

  /** Buys an order and cancels it, unit by unit. */
  sellAndCancel(): void {
    const key = (): OperationKey => keyOf(`${++this.#key}`);
    const bought = this.catalog(['trade', 1, 0, [['buy', key(), [[1, 3]], [null, null]]]]);
    const [outcome] = bought?.kind === 'trade' ? bought.outcomes : [];
    if (outcome?.[0] !== 'sold') throw new Error('not sold');
    const cancel = (): TradeOperation => {
      const lines = [[1, 'Tux', 3, 1990]] as const;
      return ['cancel', key(), outcome[1], lines, null, [[1, 1]], true, null];
    };
    this.catalog(['trade', 1, 0, [cancel(), cancel()]]);
    this.catalog(['trade', 1, 0, [cancel()]]);
  }

  async settle(ms = 500): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(50);
      await settled();
    }
  }
}

function decodeCommand(bytes: Uint8Array): OrderCommand {
  return decodeAny(bytes) as OrderCommand;
}

t.test('cancellations reach the book once, across new order and catalog leaders', async (t) => {
  const shop = new Shop();
  for (let round = 1; round <= 6; round++) {
    shop.sellAndCancel();
    // The old leader may have logged a part of it.
    if (round % 2 === 1) await shop.settle(50);
    if (round % 3 === 0) shop.leadCatalog(round % 2);
    if (round % 2 === 0) shop.leadOrders((round / 2) % 2);
    if (round === 4) await shop.settle();
  }
  await shop.settle();
  const [one, two] = shop.orders;
  t.same([one?.lastOrder, one?.lastCancellation], [6, 18]);
  t.equal(one?.hash(), two?.hash());
  const [catalog] = shop.catalogs;
  t.same([catalog?.watermark, catalog?.cancellations.watermark], [6, 18]);
  const seen = new Set<number>();
  const log = new OrderLog();
  for (const entry of shop.orderLog) log.append(decodeCommand(entry.command));
  for (let order = 1; order <= 6; order++) {
    const [found] = (await log.book().cancellations(order, null, 10)) ?? [[]];
    for (const [number] of found) seen.add(number);
    t.equal(found.length, 3);
  }
  t.equal(seen.size, 18);
  t.ok(shop.subscribed.length >= 4, 'the streams began anew');
});
