/** Cancellations in the order book: taken once, read, listed, and added by the order leader. */
import t from 'tap';
import type { BazarError } from '../../src/base/errors.js';
import { cancelLimits } from '../../src/base/limits.js';
import type { Entry } from '../../src/consensus/types.js';
import type { Group, GroupStatus } from '../../src/group/types.js';
import { journalBook } from '../../src/order/journal-book.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { OrderStore } from '../../src/order/store.js';
import { ThreadHandler } from '../../src/order/thread-handler.js';
import type { OrderCommand, Sale } from '../../src/wire/internal.js';
import type { OrderView } from '../../src/wire/thread-requests.js';
import type { TradeOperation } from '../../src/wire/trade.js';
import { ManualClock } from '../helpers/manual-clock.js';
import {
  cancellation,
  cancellations,
  customer,
  keyOf,
  OrderLog,
  orders,
  rules,
  sale,
  settled,
} from './cancellation-log.js';

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

t.test('a list reads a bounded number of cancellations, and continues', async (t) => {
  const count = cancelLimits.listEntriesMax + 40;
  const log = new OrderLog();
  log.append(rules, orders(1, count));
  for (let order = 1; order <= count; order++)
    log.append(cancellations(cancellation(order, order)));
  const book = log.book();
  const isCancelled = ([, , , , , , cancelled]: OrderView) => cancelled !== undefined;
  const [first, next] = await book.orders(0, 1_000);
  t.equal(first.length, cancelLimits.listEntriesMax);
  t.equal(next, first.at(-1)?.[0]);
  const [rest, end] = await book.orders(next ?? 0, 1_000);
  t.same([rest.length, end], [40, null]);
  t.ok([...first, ...rest].every(isCancelled));
  const [newest, before] = await book.find([1, 0, null, 1_000, null, null, null, null]);
  t.same([newest[0]?.[0], newest.length, before], [count, cancelLimits.listEntriesMax, 41]);
  const [oldest] = await book.find([1, 0, before, 1_000, null, null, null, null]);
  t.same([oldest[0]?.[0], oldest.length], [40, 40]);
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

t.test('a leader reads the orders of a bounded number of cancellations', async (t) => {
  const { log, store, append } = openStore();
  append(rules, orders(1, 1));
  let read = (_sale: Sale | null): void => {};
  const found = new Promise<Sale | null>((resolve) => {
    read = resolve;
  });
  const handler = new ThreadHandler(store, { ...log.book(), sale: () => found });
  const asked = Array.from({ length: cancelLimits.readingMax }, () => ask(handler, 1));
  t.match(await ask(handler, 1), { code: 'overloaded' });
  read(null);
  const codes = (await Promise.all(asked)).map((answer) => (answer as BazarError).code);
  t.same([...new Set(codes)], ['not_found']);
  t.match(await ask(handler, 1), { code: 'not_found' }, 'then others are taken again');
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
