import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { Projection } from '../../src/order/projection.js';
import type { SalesMessage } from '../../src/wire/internal.js';
import { ManualClock } from '../helpers/manual-clock.js';

interface Bench {
  readonly projection: Projection;
  readonly clock: ManualClock;
  readonly salesStream: number[];
  readonly confirmed: number[];
  readonly proposals: { settle(error?: Error): void }[];
  lastOrder: number;
}

function build(lastOrder: number): Bench {
  const clock = new ManualClock();
  const bench = {
    clock,
    salesStream: [],
    confirmed: [],
    proposals: [],
    lastOrder,
  } as unknown as Bench;
  const projection = new Projection({
    clock,
    logger: silentLogger,
    lastOrder: () => bench.lastOrder,
    answersAtSale: () => true,
    subscription: {
      async tail(from) {
        bench.salesStream.push(from);
      },
      confirm: (number) => bench.confirmed.push(number),
    },
    propose: () =>
      new Promise<void>((resolve, reject) => {
        bench.proposals.push({ settle: (error) => (error ? reject(error) : resolve()) });
      }),
  });
  return Object.assign(bench, { projection });
}

const sales = (first: number, count: number): SalesMessage => [first, count, Buffer.from([0x90])];
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a new leader asks for the sales after its last order', async (t) => {
  const bench = build(41);
  bench.projection.startProjection(3);
  t.same(bench.salesStream, [42]);
});

t.test('sales are proposed in order and confirmed when they are orders', async (t) => {
  const bench = build(0);
  bench.projection.startProjection(1);
  bench.projection.sold(sales(1, 2));
  bench.projection.sold(sales(3, 1));
  t.equal(bench.proposals.length, 2, 'without waiting for the first');
  bench.lastOrder = 2;
  bench.proposals[0]?.settle();
  await settled();
  bench.clock.advance(100);
  t.same(bench.confirmed, [2]);
  bench.lastOrder = 3;
  bench.proposals[1]?.settle();
  await settled();
  bench.clock.advance(100);
  t.same(bench.confirmed, [2, 3]);
});

t.test('a new catalog leader is told at once which sales are orders', async (t) => {
  const bench = build(41);
  bench.projection.startProjection(3);
  await settled();
  bench.clock.advance(100);
  t.same(bench.confirmed, [41], 'although no sale has come');
});

t.test('repeated sales are ignored', async (t) => {
  const bench = build(0);
  bench.projection.startProjection(1);
  bench.projection.sold(sales(1, 1));
  bench.projection.sold(sales(1, 1));
  t.equal(bench.proposals.length, 1);
});

t.test('a gap in the stream breaks it, and the leader subscribes again', async (t) => {
  const bench = build(0);
  bench.projection.startProjection(1);
  bench.projection.sold(sales(2, 1));
  bench.projection.sold(sales(1, 1));
  t.equal(bench.proposals.length, 0);
  bench.clock.advance(1_000);
  t.same(bench.salesStream, [1, 1]);
});

t.test('after a broken stream the leader subscribes from the last applied order', async (t) => {
  const bench = build(0);
  bench.projection.startProjection(1);
  bench.projection.sold(sales(1, 5));
  bench.projection.broken();
  bench.projection.sold(sales(6, 1));
  t.equal(bench.proposals.length, 1, 'what still comes of the old line is dropped');
  bench.lastOrder = 5;
  bench.clock.advance(1_000);
  t.same(bench.salesStream, [1, 6]);
});

t.test('sales that could not be logged are requested again', async (t) => {
  const bench = build(0);
  bench.projection.startProjection(1);
  bench.projection.sold(sales(1, 1));
  bench.proposals[0]?.settle(new Error('overloaded'));
  await settled();
  bench.clock.advance(1_000);
  t.same(bench.salesStream, [1, 1]);
  t.same(bench.confirmed, []);
});

t.test('a former leader proposes nothing and does not subscribe again', async (t) => {
  const bench = build(0);
  bench.projection.startProjection(1);
  bench.projection.broken();
  bench.projection.resign();
  bench.clock.advance(1_000);
  bench.projection.sold(sales(1, 1));
  t.same(bench.salesStream, [1]);
  t.equal(bench.proposals.length, 0);
});
