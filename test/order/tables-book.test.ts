/**
 * Reads of the order book in the tables of a real database. Time passes ten times faster where a read is to
 * fail.
 */
import t from 'tap';
import { systemClock as clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import { purchaseLimits } from '../../src/base/limits.js';
import { toCancellation, toMovement, toSale } from '../../src/database/book-rows.js';
import type { OrderRow, TableChanges } from '../../src/database/rows.js';
import { journalBook } from '../../src/order/journal-book.js';
import { OrderMachine } from '../../src/order/order-machine.js';
import { encode } from '../../src/wire/codec.js';
import type { Outcome, Sale } from '../../src/wire/internal.js';
import type { FindOrdersParams } from '../../src/wire/thread-requests.js';
import { until } from '../database/faults.js';
import { cancellationsOf, digest, movementsOf, noChanges, sales } from '../database/rows.js';
import { testStore } from '../support/postgres-server.js';
import { openOrders, tablesWriter } from './tables-orders.js';

const unknown = new BazarError('unavailable', 'no leader');

function saleOf({ number, key, lines, totalCents, at }: OrderRow): Sale {
  const sold = lines.map(
    ({ productId, name, quantity, priceCents }) => [productId, name, quantity, priceCents] as const,
  );
  return [number, Buffer.from(key), sold, totalCents, at];
}

t.test('what was bought is read without the catalog if the tables have it', async (t) => {
  const database = await testStore(t);
  const changes = sales(3);
  await (await tablesWriter(t, database))(changes);
  const { book, asked, position } = openOrders(t, database, { lastSale: () => unknown });
  const expected = changes.orders.map(saleOf);
  t.same(await book.sale(2), expected[1]);
  t.equal(asked(), 0);
  await t.rejects(book.order(2), { code: 'unavailable' }, 'what is cancelled of it is not known');
  t.equal(position.lastOrder, 3);
});

t.test('a read waits for an order that is sold and comes to the tables later', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  await write(sales(3));
  const { book, asked } = openOrders(t, database, { clock, lastSale: () => 5 });
  let answers = 0;
  const read = Promise.all([book.order(5), book.orders(3, 10)]).finally(() => {
    answers++;
  });
  await until(async () => asked() > 0);
  await write(sales(4));
  t.equal(answers, 0);
  await write(sales(5));
  const [order, list] = await read;
  const expected = sales(5).orders.map(saleOf);
  t.same(order, expected[4]);
  t.same(list, [expected.slice(3), null]);
});

t.test('only an order above the last sale does not exist', async (t) => {
  const database = await testStore(t);
  await (await tablesWriter(t, database))(sales(3));
  let lastSale: number | BazarError = 3;
  const { book } = openOrders(t, database, { lastSale: () => lastSale });
  t.equal(await book.order(4), null);
  lastSale = 4;
  await t.rejects(book.order(4), { code: 'unavailable' }, 'sold, and not in the tables in time');
  await t.rejects(book.orders(0, 10), { code: 'unavailable' });
  lastSale = unknown;
  await t.rejects(book.order(4), { code: 'unavailable' }, 'without a position');
  await t.rejects(book.find([1, 0, null, 2, null, null, null, null]), { code: 'unavailable' });
});

t.test('an order whose row was deleted is an error, and not absent', async (t) => {
  const database = await testStore(t);
  await (await tablesWriter(t, database))(sales(3));
  await database.query('DELETE FROM order_lines WHERE order_number = 2');
  const { book } = openOrders(t, database, { clock, lastSale: () => 3 });
  await t.rejects(book.order(2), { code: 'internal' });
});

t.test('tables that are behind what was seen before give no complete answer', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  await write(sales(3));
  const { book, position } = openOrders(t, database, { lastSale: () => 4 });
  // Another snapshot had it: the database has failed over since.
  position.saw({ lastOrder: 4, lastCancellation: 0, lastMovement: 0 });
  await t.rejects(book.order(4), { code: 'unavailable' });
  await t.rejects(book.orders(0, 10), { code: 'unavailable' });
  const list = book.orders(3, 10);
  await write(sales(4));
  t.same(await list, [sales(4).orders.slice(3).map(saleOf), null]);
});

t.test('lists are those of a book in a journal', async (t) => {
  const database = await testStore(t);
  const count = 40;
  const base = sales(count);
  const [cup] = base.products;
  if (!cup) return;
  const tea = { productId: 2, name: 'tea', quantity: 2, priceCents: 5 };
  const orders = base.orders.map((order) =>
    order.number % 7 === 0 ? { ...order, lines: [...order.lines, tea], totalCents: 260 } : order,
  );
  const products = [...base.products, { ...cup, id: 2, name: 'tea' }];
  await (await tablesWriter(t, database))({ ...base, orders, products });
  const machine = new OrderMachine();
  const command = encode(['orders', 1, count, encode(orders.map(saleOf))]);
  const entry = { seq: 1, epoch: 1, time: 0, command };
  machine.apply(entry);
  const caughtUp = async (): Promise<void> => {};
  const reads = {
    ...{ caughtUp, caughtUpTo: caughtUp, caughtUpWithCancellations: caughtUp },
    ...{ cancellationReached: caughtUp, caughtUpWithMovements: caughtUp },
  };
  const journal = journalBook(reads, machine, async () => entry);
  const { book } = openOrders(t, database, { clock, lastSale: () => count });
  const none = [null, null, null, null] as const;
  const filters: (readonly [
    number | null,
    number | null,
    number | string | null,
    Uint8Array | null,
  ])[] = [
    none,
    [9_000, null, null, null],
    [null, 20_000, null, null],
    [9_000, 20_000, 2, null],
    [null, null, 2, null],
    [null, null, 'tea', null],
    [null, null, 'nothing', null],
    [null, null, null, digest(14)],
    [null, null, 2, digest(14)],
    [null, null, 2, digest(15)],
  ];
  const ranges = [
    [0, null, 10],
    [5, 30, 100],
    [39, null, 1],
    [40, null, 5],
  ] as const;
  for (const direction of [0, 1] as const) {
    for (const [after, before, limit] of ranges) {
      for (const filter of filters) {
        const params: FindOrdersParams = [direction, after, before, limit, ...filter];
        t.same(await book.find(params), await journal.find(params), JSON.stringify(params));
      }
    }
  }
  for (const [after, , limit] of ranges) {
    t.same(await book.orders(after, limit), await journal.orders(after, limit));
  }
});

/** Orders 1 … 5; one unit of 1, 2 and 3 is cancelled, and then the rest of 1. */
const cancelled = cancellationsOf([1, 2, 3], 5);

/** The first of the same cancellations. */
function cancelledThrough(last: number): TableChanges {
  const cancellations = cancelled.cancellations?.slice(0, last);
  return { ...cancelled, lastCancellation: last, cancellations };
}

/** As order n is read once all is cancelled. */
function viewOf(number: number) {
  const [sale] = cancelled.orders.slice(number - 1).map(saleOf);
  const units = [2, 1, 1, 0, 0][number - 1];
  return units ? [...(sale ?? []), null, [1, units]] : sale;
}

t.test('orders are read and listed with what is cancelled of them', async (t) => {
  const database = await testStore(t);
  await (await tablesWriter(t, database))(cancelled);
  const { book } = openOrders(t, database, { clock, lastSale: () => 5, lastCancellation: () => 4 });
  t.same(await book.order(1), viewOf(1));
  t.same(await book.order(4), viewOf(4));
  const all = [1, 2, 3, 4, 5].map(viewOf);
  t.same(await book.orders(0, 10), [all, null]);
  t.same(await book.find([1, 0, 4, 2, 0, null, 1, null]), [[viewOf(3), viewOf(2)], 2]);
  t.same(await book.find([0, 0, null, 9, null, null, null, digest(2)]), [[viewOf(2)], null]);
  const made = (cancelled.cancellations ?? []).map(toCancellation);
  t.same(await book.cancellation(4), made[3]);
  t.same(await book.cancellations(1, null, 10), [[made[3], made[0]], null]);
  t.same(await book.cancellations(1, null, 1), [[made[3]], 4]);
  t.same(await book.cancellations(1, 4, 1), [[made[0]], null]);
  t.same(await book.cancellations(5, null, 1), [[], null]);
  t.equal(await book.cancellations(6, null, 1), null);
});

t.test('a read waits for a cancellation that comes to the tables later', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  await write(cancelledThrough(2));
  const { book, asked } = openOrders(t, database, {
    clock,
    lastSale: () => 5,
    lastCancellation: () => 4,
  });
  const made = (cancelled.cancellations ?? []).map(toCancellation);
  t.same(await book.cancellation(2), made[1], 'the tables have it');
  t.equal(asked(), 0);
  let answers = 0;
  const reads = [
    book.order(1),
    book.orders(0, 1),
    book.cancellations(1, null, 9),
    book.cancellation(4),
  ];
  const read = Promise.all(reads).finally(() => {
    answers++;
  });
  await until(async () => asked() > 0);
  await write({ ...cancelledThrough(3), appliedSeq: 6 });
  t.equal(answers, 0);
  await write({ ...cancelled, appliedSeq: 7 });
  t.same(await read, [viewOf(1), [[viewOf(1)], 1], [[made[3], made[0]], null], made[3]]);
});

t.test('a cancellation that is not in the tables in time is never read as absent', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  await write(cancelledThrough(3));
  const { book, position } = openOrders(t, database, {
    lastSale: () => 5,
    lastCancellation: () => 4,
  });
  await t.rejects(book.order(1), { code: 'unavailable', message: /cancellation 4 is made/ });
  await t.rejects(book.cancellation(4), { code: 'unavailable' });
  // Another snapshot had it: the database has failed over since.
  position.saw({ lastOrder: 5, lastCancellation: 4, lastMovement: 0 });
  await t.rejects(book.order(1), { code: 'unavailable', message: /cancellation 4 is not in/ });
  await t.rejects(book.cancellations(1, null, 9), { code: 'unavailable' });
  const sale = cancelled.orders.slice(0, 1).map(toSale);
  t.same(await book.sale(1), sale[0], 'what was bought never changes');
});

t.test('a sale has its customer, whose limits a cancellation gives back', async (t) => {
  const database = await testStore(t);
  const base = sales(1);
  const orders = base.orders.map((order) => ({ ...order, customer: digest(9) }));
  await (await tablesWriter(t, database))({ ...base, orders });
  const { book } = openOrders(t, database, { clock, lastSale: () => 1 });
  t.same((await book.sale(1))?.[5], Buffer.from(digest(9)));
  t.same((await book.order(1))?.[5], Buffer.from(digest(9)));
});

t.test('no purchase is sent while the tables are far behind the sales', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  const behind = purchaseLimits.unprojectedHeld + 1;
  let sold = behind - 1;
  const { store } = openOrders(t, database, {
    lastSale: () => sold,
    sell: (purchases) => purchases.map((): Outcome => ['sold', ++sold, 250, false]),
  });
  const buy = (): Promise<Outcome | undefined> =>
    new Promise((resolve) => {
      const purchase = [digest(1), 0, Buffer.alloc(0), [[1, 1]], 5] as const;
      store.buy([{ purchase, reply: (_error, outcome) => resolve(outcome as Outcome) }]);
    });
  t.same(await buy(), ['sold', behind, 250, false], 'the sale is answered before its order exists');
  t.equal(store.unprojected, behind);
  const held = buy();
  t.equal(store.waiting, 0, 'nothing is sent');
  await write({ ...noChanges, appliedSeq: 1, lastOrder: 1 });
  t.same(await held, ['sold', behind + 1, 250, false]);
});

/** The first ones of seven movements. */
function movedThrough(last: number): TableChanges {
  const { movements, ...rest } = movementsOf(7);
  return { ...rest, lastMovement: last, movements: movements?.slice(0, last) };
}

const made = (movementsOf(7).movements ?? []).map(toMovement);

t.test(
  'a ledger waits for movements that come to the tables later, other reads do not',
  async (t) => {
    const database = await testStore(t);
    const write = await tablesWriter(t, database);
    await write(movedThrough(4));
    const answers = { clock, lastSale: () => 1, lastMovement: () => 7 };
    const { book, asked } = openOrders(t, database, answers);
    t.same(await book.order(1), movedThrough(0).orders.map(toSale)[0]);
    t.same((await book.orders(0, 10))[1], null);
    t.same(await book.cancellations(1, null, 1), [[], null]);
    const before = asked();
    let done = 0;
    const read = Promise.all([book.ledger(1, 0, 9), book.ledger(2, 2, 1)]).finally(() => {
      done++;
    });
    await until(async () => asked() > before);
    await write({ ...movedThrough(6), appliedSeq: 2 });
    t.equal(done, 0);
    await write({ ...movedThrough(7), appliedSeq: 3 });
    t.same(await read, [
      [[made[0], made[2], made[4], made[6]], null],
      [[made[3]], 4],
    ]);
  },
);

t.test('a movement that is not in the tables in time is never read as absent', async (t) => {
  const database = await testStore(t);
  await (await tablesWriter(t, database))(movedThrough(4));
  const { book, position } = openOrders(t, database, { lastSale: () => 1, lastMovement: () => 7 });
  await t.rejects(book.ledger(1, 0, 9), { code: 'unavailable', message: /movement 7 is made/ });
  // Another snapshot had it: the database has failed over since.
  position.saw({ lastOrder: 1, lastCancellation: 0, lastMovement: 7 });
  await t.rejects(book.ledger(1, 0, 9), { code: 'unavailable', message: /movement 7 is not in/ });
  t.same(await book.order(1), movedThrough(0).orders.map(toSale)[0]);
  t.same((await book.orders(0, 10))[1], null, 'a list does not wait for movements');
});
