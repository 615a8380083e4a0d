import fc from 'fast-check';
import t from 'tap';
import type { Entry } from '../../src/consensus/types.js';
import { readLedger } from '../../src/order/ledger-book.js';
import { movementsCommand } from '../../src/order/movement-command.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { encode } from '../../src/wire/codec.js';
import type { OrderCommand } from '../../src/wire/internal.js';
import type { Movement } from '../../src/wire/movement.js';

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
