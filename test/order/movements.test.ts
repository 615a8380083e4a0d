import fc from 'fast-check';
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import type { Entry } from '../../src/consensus/types.js';
import type { Group, GroupStatus } from '../../src/group/types.js';
import type { BookNumbers } from '../../src/order/book-position.js';
import { journalBook } from '../../src/order/journal-book.js';
import { readLedger } from '../../src/order/ledger-book.js';
import { movementsCommand } from '../../src/order/movement-command.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { Projection } from '../../src/order/projection.js';
import { notAwaited } from '../../src/order/read-position.js';
import { OrderStore } from '../../src/order/store.js';
import { ThreadHandler } from '../../src/order/thread-handler.js';
import { decode, encode } from '../../src/wire/codec.js';
import type { OrderCommand } from '../../src/wire/internal.js';
import type { Movement } from '../../src/wire/movement.js';
import { ManualClock } from '../helpers/manual-clock.js';

function movement(number: number, product: number): Movement {
  return [number, product, 5, 0, 1, 0, number, 0, 1_000, ['correction', null]];
}

function movements(first: number, ...products: readonly number[]): OrderCommand {
  const all = products.map((product, i) => movement(first + i, product));
  return movementsCommand([first, all.length, encode(all)]);
}

class OrderLog {
  readonly entries: Entry[] = [];
  readonly machine = new OrderMachine();
  reads = 0;

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

  async ledger(product: number, after = 0, limit = 100) {
    return readLedger(this.machine, product, after, limit, async (seq) => {
      this.reads++;
      return this.entries[seq - 1];
    });
  }

  /** The numbers of all movements of a product, page by page. */
  async numbers(product: number, limit: number): Promise<number[]> {
    const numbers: number[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const [page, next]: Awaited<ReturnType<OrderLog['ledger']>> = await this.ledger(
        ...[product, after, limit],
      );
      numbers.push(...page.map(([number]) => number));
      after = next;
    }
    return numbers;
  }
}

const rules: OrderCommand = ['rules', 4];

t.test('an entry names its products, each once', async (t) => {
  t.same(movements(1, 9, 3, 9, 3, 5)[4], [3, 5, 9]);
});

t.test('movements are taken once, in the order of their numbers', async (t) => {
  const log = new OrderLog();
  log.append(rules);
  t.same(log.append(movements(1, 8, 9)), { kind: 'movements', last: 2, taken: 2 });
  t.same(log.append(movements(1, 8, 9)), { kind: 'movements', last: 2, taken: 0 });
  t.same(log.append(movements(4, 8)), { kind: 'movements', last: 2, taken: 0 }, 'a gap');
  t.same(log.append(movements(2, 9, 8, 8)), { kind: 'movements', last: 4, taken: 2 });
  t.same(log.machine.locateMovement(4), { seq: 5, offset: 2 });
  t.equal(log.machine.locateMovement(5), undefined);
  t.same([...log.machine.movementEntriesOf(8, 0)], [2, 5]);
  t.equal(log.machine.lastMovement, 4);
  t.same(await log.numbers(9, 1), [2], 'a repeated movement is read once');
  t.same(await log.numbers(8, 1), [1, 3, 4]);
  log.machine.invariants();
});

t.test('movements need rules 4', async (t) => {
  const log = new OrderLog();
  log.append(['rules', 3]);
  t.throws(() => log.append(movements(1, 8)), /rules 4/);
});

t.test('a snapshot has the movements, and the hash tells them apart', async (t) => {
  const log = new OrderLog();
  log.append(rules);
  const before = log.machine.hash();
  log.append(movements(1, 8, 9), movements(2, 9, 8));
  t.not(log.machine.hash(), before);
  const restored = new OrderMachine();
  restored.restore(log.machine.snapshot());
  restored.invariants();
  t.equal(restored.hash(), log.machine.hash());
  t.same([...restored.movementEntriesOf(8, 0)], [2, 3]);
  const other = new OrderLog();
  other.append(rules, movements(1, 9, 8), movements(2, 8, 8));
  t.not(other.machine.hash(), log.machine.hash());
});

t.test('the movements of a product are listed oldest first, in pages', async (t) => {
  const log = new OrderLog();
  log.append(rules, movements(1, 8, 9, 8), movements(4, 9), movements(5, 8, 8));
  t.same(await log.ledger(8, 0, 3), [[movement(1, 8), movement(3, 8), movement(5, 8)], 5]);
  t.same(await log.ledger(8, 5, 3), [[movement(6, 8)], null]);
  t.same(await log.ledger(8, 0, 4), [[1, 3, 5, 6].map((number) => movement(number, 8)), null]);
  t.same(await log.ledger(8, 6), [[], null]);
  t.same(await log.ledger(7), [[], null]);
});

t.test('an answer reads a bounded number of entries, and only those of the product', async (t) => {
  const log = new OrderLog();
  log.append(rules);
  for (let number = 1; number <= 900; number++) {
    log.append(movements(number, number % 3 === 0 ? 8 : 9));
  }
  const [page, next] = await log.ledger(8, 0, 1_000);
  t.same([page.length, next, log.reads], [256, 768, 256]);
  t.same((await log.ledger(8, 768, 1_000))[0].length, 44);
  t.equal(log.reads, 300);
});

t.test('an answer decodes a bounded number of movements', async (t) => {
  const log = new OrderLog();
  log.append(rules);
  const others = Array.from({ length: 999 }, () => 9);
  for (let round = 0; round < 30; round++) log.append(movements(1 + round * 1_000, 8, ...others));
  const [page, next] = await log.ledger(8);
  t.same([page.length, next, log.reads], [20, 20_000, 20]);
  t.equal((await log.numbers(8, 100)).length, 30);
});

/** An entry of a stream: how far back or ahead of the last number it begins, and its products. */
const step = fc.record({
  stream: fc.constantFrom<'orders' | 'cancellations' | 'movements'>(
    ...(['orders', 'cancellations', 'movements', 'movements'] as const),
  ),
  shift: fc.integer({ min: -3, max: 1 }),
  products: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
});

t.test('random runs of three streams are taken as a model takes them', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(4), async (steps, limit) => {
      const log = new OrderLog();
      log.append(rules);
      const last = { orders: 0, cancellations: 0, movements: 0 };
      // The product of movement n is at n − 1: those of a number are the same in each entry.
      const model: number[] = [];
      for (const { stream, shift, products } of steps) {
        const first = Math.max(1, last[stream] + 1 + shift);
        const wanted = products.map((product, i) => model[first + i - 1] ?? product);
        log.append(entryOf(stream, first, wanted));
        if (first > last[stream] + 1) continue;
        last[stream] = Math.max(last[stream], first + products.length - 1);
        if (stream !== 'movements') continue;
        for (const [i, product] of wanted.entries()) model[first + i - 1] = product;
      }
      const { machine } = log;
      t.same([machine.lastOrder, machine.lastCancellation], [last.orders, last.cancellations]);
      t.equal(machine.lastMovement, model.length);
      for (let product = 1; product <= 5; product++) {
        const expected = model.flatMap((one, i) => (one === product ? [i + 1] : []));
        t.same(await log.numbers(product, 1 + limit), expected);
      }
      machine.invariants();
      checkCopies(log);
    }),
    { numRuns: 100 },
  );

  /** A replay and a snapshot give the same state. */
  function checkCopies({ entries, machine }: OrderLog): void {
    const replayed = new OrderMachine();
    for (const entry of entries) replayed.apply(entry);
    const restored = new OrderMachine();
    restored.restore(machine.snapshot());
    t.same([replayed.hash(), restored.hash()], [machine.hash(), machine.hash()]);
    t.same(restored.snapshot(), machine.snapshot());
  }
});

function entryOf(
  stream: 'orders' | 'cancellations' | 'movements',
  first: number,
  products: readonly number[],
): OrderCommand {
  if (stream === 'movements') return movements(first, ...products);
  const items = products.map((_, i) => [first + i, Buffer.alloc(16), first + i, [], 0, false]);
  return [stream, first, items.length, encode(items)];
}

function status(): GroupStatus {
  return { id: 'order-2', role: 'follower', serving: false, epoch: 1 } as GroupStatus;
}

/** A follower whose answers of the catalog are the test's to give. */
function openFollower() {
  const clock = new ManualClock();
  const log = new OrderLog();
  const asked: { readonly wanted: BookNumbers; answer(movement: number): void }[] = [];
  let barriers = 0;
  const group = {
    ...{ status, announceVisible: () => {}, onRole: () => {} },
    readBarrier: async () => ++barriers,
  } as unknown as Group<OrderResult>;
  const store = new OrderStore({
    ...{ group, machine: log.machine, clock, salesAreSafe: true },
    catalogClient: {
      ...{ logTime: 5, sell: async () => [], trade: async () => [] },
      lastSale: (wanted) =>
        new Promise((resolve) => {
          asked.push({ wanted, answer: (movement) => resolve([0, 0, movement]) });
        }),
    },
  });
  const append = (...commands: readonly OrderCommand[]): void => {
    for (const command of commands) {
      const result = log.append(command);
      store.applied(log.entries.at(-1) as Entry, result);
    }
  };
  return { ...{ clock, log, store, asked, append }, barriers: () => barriers };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a read of the ledger waits for the last movement', async (t) => {
  const { store, log, clock, asked, append, barriers } = openFollower();
  append(rules, movements(1, 8));
  const threads = new ThreadHandler(
    store,
    journalBook(store, log.machine, async (seq) => log.entries[seq - 1]),
  );
  let answer: unknown;
  const reply = (_error: Error | undefined, result?: unknown): void => {
    answer = result;
  };
  threads.calls([{ operation: 'ledger', args: [8, 0, 10], reply }]);
  clock.advance(0);
  await settled();
  t.same(asked[0]?.wanted, [notAwaited, notAwaited, 2]);
  asked[0]?.answer(2);
  await settled();
  t.equal(answer, undefined, 'this follower does not have it yet');
  append(movements(2, 8));
  await settled();
  t.same(answer, [[movement(1, 8), movement(2, 8)], null]);
  t.equal(barriers(), 0);
});

t.test('no other read waits for movements, or asks for them', async (t) => {
  const { store, clock, asked, append } = openFollower();
  append(rules);
  const reads = Promise.all([
    ...[store.caughtUp(), store.caughtUpTo(1), store.caughtUpWithCancellations(1)],
  ]);
  clock.advance(0);
  await settled();
  t.same(asked[0]?.wanted, [1, 1, notAwaited]);
  for (const { answer } of asked) answer(5);
  await reads;
});

t.test('a replica that has no movements yet asks its group for newer rules', async (t) => {
  const { store, asked, append, barriers } = openFollower();
  append(['rules', 3]);
  await t.rejects(store.caughtUpWithMovements(), { code: 'unavailable' });
  t.same([barriers(), asked.length], [1, 0]);
});

t.test('the order leader asks for movements once its group has them', async (t) => {
  const clock = new ManualClock();
  const tails: unknown[] = [];
  const confirmed: unknown[] = [];
  const log = new OrderLog();
  const projection = new Projection({
    ...{ clock, logger: silentLogger, answersAtSale: () => true },
    lastOrder: () => log.machine.lastOrder,
    lastCancellation: () => (log.machine.rules > 2 ? log.machine.lastCancellation : undefined),
    lastMovement: () => (log.machine.rules > 3 ? log.machine.lastMovement : undefined),
    subscription: {
      tail: async (...params) => void tails.push(params),
      confirm: (...params) => confirmed.push(params),
    },
    propose: async (command) => log.append(decode(command) as OrderCommand),
  });
  log.append(['rules', 3]);
  projection.startProjection(1);
  projection.moved([1, 1, encode([movement(1, 8)])]);
  t.equal(log.entries.length, 1, 'it has not asked for it');
  log.append(rules);
  projection.rulesChanged();
  t.same(tails, [
    [1, 1, true, 1, undefined],
    [1, 1, true, 1, 1],
  ]);
  projection.moved([1, 3, encode([movement(1, 9), movement(2, 8), movement(3, 9)])]);
  projection.moved([1, 1, encode([movement(1, 9)])]);
  await settled();
  t.equal(log.machine.lastMovement, 3);
  t.same([...log.machine.movementEntriesOf(9, 0)], [3]);
  clock.advance(100);
  t.same(confirmed, [[0, 1, 0, 3]]);
  projection.moved([5, 1, encode([movement(5, 9)])]);
  clock.advance(1_000);
  t.same(tails.at(-1), [1, 1, true, 1, 4], 'a gap breaks the stream');
});
