import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Entry } from '../../src/consensus/types.js';
import { readOrder, readOrders } from '../../src/order/order-book.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { encode } from '../../src/wire/codec.js';
import type { OrderCommand, Sale } from '../../src/wire/internal.js';

function sale(number: number): Sale {
  const key = new Uint8Array(16).fill(number);
  return [number, key, [[8, 'Tux', 1 + (number % 5), 1990]], 1990 * (1 + (number % 5)), 1_000];
}

function orders(first: number, count: number): OrderCommand {
  const sales = Array.from({ length: count }, (_, i) => sale(first + i));
  return ['orders', first, count, encode(sales)];
}

class OrderLog {
  readonly entries: Entry[] = [];
  readonly machine = new OrderMachine();
  reads = 0;

  append(command: OrderCommand | undefined): OrderResult {
    const bytes = command ? encode(command) : new Uint8Array(0);
    const entry = { seq: this.entries.length + 1, epoch: 1, time: 0, command: bytes };
    this.entries.push(entry);
    return this.machine.apply(entry);
  }

  readonly readEntry = async (seq: number): Promise<Entry | undefined> => {
    this.reads++;
    return this.entries[seq - 1];
  };
}

t.test('orders continue where the last entry ended', async (t) => {
  const log = new OrderLog();
  t.same(log.append(undefined), { kind: 'none' });
  t.same(log.append(orders(1, 3)), { kind: 'orders', last: 3, taken: 3 });
  t.same(log.append(orders(4, 1)), { kind: 'orders', last: 4, taken: 1 });
  t.equal(log.machine.lastOrder, 4);
  t.same(log.machine.locate(1), { seq: 2, offset: 0 });
  t.same(log.machine.locate(3), { seq: 2, offset: 2 });
  t.same(log.machine.locate(4), { seq: 3, offset: 0 });
  for (const number of [0, 5, -1, 1.5, Number.NaN]) t.equal(log.machine.locate(number), undefined);
});

t.test('a duplicate adds no order, an overlap only the new ones (A21)', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 3));
  t.same(log.append(orders(1, 3)), { kind: 'orders', last: 3, taken: 0 });
  t.same(log.append(orders(2, 4)), { kind: 'orders', last: 5, taken: 2 });
  t.same(log.machine.locate(3), { seq: 1, offset: 2 });
  t.same(log.machine.locate(4), { seq: 3, offset: 2 });
  t.same(await readOrder(log.machine, 5, log.readEntry), sale(5));
});

t.test('sales after a gap add no order (A22)', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 3));
  t.same(log.append(orders(5, 3)), { kind: 'orders', last: 3, taken: 0 });
  t.same(log.append(orders(4, 1)), { kind: 'orders', last: 4, taken: 1 });
  t.equal(log.machine.lastOrder, 4);
});

t.test('orders are read back from the journal, each entry once', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 10));
  log.append(orders(11, 10));
  t.same(await readOrder(log.machine, 7, log.readEntry), sale(7));
  t.equal(await readOrder(log.machine, 21, log.readEntry), undefined);
  log.reads = 0;
  const found = await readOrders(log.machine, 8, 5, log.readEntry);
  t.same(found, [9, 10, 11, 12, 13].map(sale));
  t.equal(log.reads, 2);
  t.same(await readOrders(log.machine, 18, 5, log.readEntry), [19, 20].map(sale));
  t.same(await readOrders(log.machine, 20, 5, log.readEntry), []);
});

t.test('a journal that lost an order or holds another is a broken invariant', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 2));
  const lost = async (): Promise<undefined> => undefined;
  await t.rejects(readOrder(log.machine, 1, lost), /holds every order's entry/);
  const [entry] = log.entries;
  assert.ok(entry);
  const other = async () => ({ ...entry, command: encode(orders(2, 2)) });
  await t.rejects(readOrder(log.machine, 1, other), /lies where the index says/);
});

t.test('an entry whose count differs from its sales is refused', async (t) => {
  const log = new OrderLog();
  const [, , , sales] = orders(1, 2) as Extract<OrderCommand, readonly ['orders', ...unknown[]]>;
  t.throws(() => log.append(['orders', 1, 3, sales]), /as many sales as it says/);
});

t.test('entries are applied in order, each once', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 1));
  const [entry] = log.entries;
  assert.ok(entry);
  t.throws(() => log.machine.apply(entry), /entries are applied in order/);
});

t.test('the hash covers the content of the orders', async (t) => {
  const hashes = new Set<string>();
  const commands: OrderCommand[] = [
    orders(1, 2),
    orders(1, 3),
    ['orders', 1, 2, encode([sale(1), sale(3)])],
    ['audit', 'x'],
  ];
  for (const command of commands) {
    const log = new OrderLog();
    log.append(command);
    hashes.add(log.machine.hash());
  }
  t.equal(hashes.size, commands.length);
});

t.test('an audit returns the hash and the last order at its entry', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 2));
  const result = log.append(['audit', 'token']);
  t.same(result, { kind: 'audit', token: 'token', hash: log.machine.hash(), lastOrder: 2 });
});

t.test('a snapshot of another shape or with missing orders is refused', async (t) => {
  const log = new OrderLog();
  log.append(orders(1, 2));
  const saved = log.machine.snapshot();
  for (const bad of [undefined, { ...saved, version: 9 }, { ...saved, runs: 'none' }]) {
    t.throws(() => new OrderMachine().restore(bad), /has the shape/);
  }
  t.throws(() => new OrderMachine().restore({ ...saved, lastOrder: 3 }), /end at its last order/);
});

/** Runs of sales as a new leader, a retransmission or a late message may log them. */
const repeated = fc.array(
  fc.tuple(fc.integer({ min: -12, max: 3 }), fc.integer({ min: 1, max: 9 })),
  { maxLength: 150, size: 'max' },
);

t.test('for repeated and reordered sales the orders are their exact prefix', async () => {
  await fc.assert(
    fc.asyncProperty(repeated, fc.nat(), async (steps, where) => {
      const log = new OrderLog();
      const places = new Map<number, number>();
      let restored = new OrderMachine();
      for (const [place, [back, count]] of steps.entries()) {
        const first = Math.max(1, log.machine.lastOrder + 1 + back);
        const last = places.size;
        log.append(orders(first, count));
        if (first <= last + 1) {
          for (let number = last + 1; number < first + count; number++) {
            places.set(number, place + 1);
          }
        }
        const [entry] = log.entries.slice(-1);
        assert.ok(entry);
        restored.apply(entry);
        assert.equal(restored.hash(), log.machine.hash());
        if (place !== where % steps.length) continue;
        const saved = JSON.stringify(log.machine.snapshot());
        restored = new OrderMachine();
        restored.restore(JSON.parse(saved));
      }
      log.machine.invariants();
      restored.invariants();
      assert.equal(log.machine.lastOrder, places.size);
      for (const [number, seq] of places) {
        assert.equal(log.machine.locate(number)?.seq, seq);
        assert.deepEqual(restored.locate(number), log.machine.locate(number));
      }
      const all = await readOrders(restored, 0, places.size, log.readEntry);
      assert.deepEqual(all, [...places.keys()].map(sale));
    }),
    { numRuns: 60 },
  );
});

t.test('a command of another group is refused with a message that says what to do', async (t) => {
  const command = encode(['restock', 1, 100]);
  t.throws(() => new OrderMachine().apply({ seq: 1, epoch: 1, time: 0, command }), {
    name: 'UnknownCommandError',
    message:
      /"restock" that is none of the order group's: .* another member.*put the right journal/,
  });
});

t.test('a log of the build before replays to the same hash', async (t) => {
  const log = new OrderLog();
  const sale = (n: number): Sale => {
    return [n, new Uint8Array(16).fill(n), [[8, 'Tux', 1, 1990]], 1990, 1_000 + n];
  };
  log.append(undefined);
  log.append(['orders', 1, 2, encode([sale(1), sale(2)])]);
  log.append(['orders', 2, 2, encode([sale(2), sale(3)])]);
  log.append(['orders', 9, 1, encode([sale(9)])]);
  log.append(['audit', 't']);
  const before = '1125bf448ea1f1c8f52856c6b78844a6a34492008026772c22fd405840b7abf2';
  t.equal(log.machine.hash(), before);
});

t.test('the version of the rules is kept in the snapshot, and never goes back', async (t) => {
  const log = new OrderLog();
  t.equal(log.machine.rules, 0);
  t.notOk('rules' in log.machine.snapshot(), 'as the build before writes it');
  t.same(log.append(['rules', 2]), { kind: 'rules' });
  log.append(['rules', 1]);
  t.equal(log.machine.rules, 2);
  const copy = new OrderMachine();
  copy.restore(log.machine.snapshot());
  t.equal(copy.rules, 2);
  t.equal(copy.hash(), log.machine.hash());
});
