import t from 'tap';
import { type SalesSource, SalesStream } from '../../../src/catalog/sales/sales-stream.js';
import type { SalesMessage } from '../../../src/wire/internal.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Sales 1 … `last`, given out `step` at a time. */
function source(last: number, step: number): SalesSource & { last: number; watermark: number } {
  return {
    last,
    watermark: 0,
    salesFrom(number) {
      if (number > this.last) return undefined;
      return [number, Math.min(step, this.last - number + 1), bytes(`from ${number}`)];
    },
  };
}

function subscriber(): { send(sales: SalesMessage): void; got: [number, number][] } {
  const got: [number, number][] = [];
  return { got, send: ([first, count]) => got.push([first, count]) };
}

t.test('a subscriber gets all sales from its number on, in order', async (t) => {
  const salesStream = new SalesStream(source(5, 2));
  const order = subscriber();
  salesStream.subscribe(order, 2);
  t.same(order.got, [
    [2, 2],
    [4, 2],
  ]);
});

t.test('a subscriber that is up to date gets new sales in the bytes of their entry', async (t) => {
  const catalog = source(0, 10);
  const salesStream = new SalesStream(catalog);
  const sent: SalesMessage[] = [];
  salesStream.subscribe({ send: (sales) => sent.push(sales) }, 1);
  const sales: SalesMessage = [1, 3, bytes('as encoded at apply')];
  catalog.last = 3;
  salesStream.applied(sales);
  t.equal(sent[0], sales);
});

t.test('the stream stops at its window and continues when orders are confirmed', async (t) => {
  const salesStream = new SalesStream(source(50_000, 1_000));
  const order = subscriber();
  salesStream.subscribe(order, 1);
  const before = order.got.length;
  t.ok(before > 0 && before < 50, 'not everything leaves at once');
  salesStream.confirm(order, 5_000);
  t.ok(order.got.length > before);
  t.equal(salesStream.confirmed, 5_000);
});

t.test('a confirmation of a sale that was never sent is ignored', async (t) => {
  const salesStream = new SalesStream(source(3, 1));
  const order = subscriber();
  salesStream.subscribe(order, 1);
  salesStream.confirm(order, 4);
  t.equal(salesStream.confirmed, 0);
});

t.test('an unsubscribed subscriber gets nothing more', async (t) => {
  const catalog = source(0, 10);
  const salesStream = new SalesStream(catalog);
  const order = subscriber();
  salesStream.subscribe(order, 1);
  salesStream.unsubscribe(order);
  catalog.last = 1;
  salesStream.applied([1, 1, bytes('x')]);
  t.same(order.got, []);
});

t.test('a request for dropped sales is refused and does not block other streams', async (t) => {
  const catalog = source(5, 1);
  const { salesFrom } = catalog;
  catalog.salesFrom = function (number, max) {
    if (number < 4) throw new Error('no longer kept');
    return salesFrom.call(this, number, max);
  };
  const salesStream = new SalesStream(catalog);
  const deposed = subscriber();
  t.throws(() => salesStream.subscribe(deposed, 3), { message: 'no longer kept' });
  const order = subscriber();
  salesStream.subscribe(order, 5);
  catalog.last = 6;
  salesStream.applied([6, 1, bytes('x')]);
  t.same(deposed.got, []);
  t.same(order.got, [
    [5, 1],
    [6, 1],
  ]);
});

t.test('a stream that has fallen behind the watermark ends', async (t) => {
  const catalog = source(0, 10);
  const salesStream = new SalesStream(catalog);
  const [deposed, leader] = [subscriber(), subscriber()];
  salesStream.subscribe(deposed, 1);
  salesStream.subscribe(leader, 1);
  catalog.last = 30_000;
  salesStream.applied([1, 30_000, bytes('x')]);
  salesStream.confirm(leader, 30_000);
  catalog.watermark = 30_000;
  catalog.last = 30_001;
  salesStream.applied([30_001, 1, bytes('y')]);
  t.same(leader.got.at(-1), [30_001, 1]);
  t.same(deposed.got, [[1, 30_000]], 'and breaks nothing');
});
