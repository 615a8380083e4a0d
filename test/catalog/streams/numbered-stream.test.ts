import t from 'tap';
import { purchaseLimits } from '../../../src/base/limits.js';
import {
  NumberedStream,
  type StreamSource,
  type Subscriber,
} from '../../../src/catalog/streams/numbered-stream.js';

import { ManualClock } from '../../helpers/manual-clock.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Sales 1 … `last`, given out `step` at a time. */
function source(last: number, step: number): StreamSource & { last: number; watermark: number } {
  return {
    last,
    watermark: 0,
    from(number) {
      if (number > this.last) return undefined;
      return [number, Math.min(step, this.last - number + 1), bytes(`from ${number}`)];
    },
  };
}

interface Receiver extends Subscriber {
  readonly got: [number, number][];
}

function subscriber(gathers = false): Receiver {
  const got: [number, number][] = [];
  return { gathers, got, send: ([first, count]) => got.push([first, count]) };
}

t.test('a subscriber gets all sales from its number on, in order', async (t) => {
  const stream = new NumberedStream(source(5, 2), new ManualClock());
  const order = subscriber();
  stream.subscribe(order, 2);
  t.same(order.got, [
    [2, 2],
    [4, 2],
  ]);
});

t.test('a subscriber whose customers wait gets new sales at once', async (t) => {
  const catalog = source(0, 10);
  const stream = new NumberedStream(catalog, new ManualClock());
  const order = subscriber();
  stream.subscribe(order, 1);
  catalog.last = 3;
  stream.applied(3);
  t.same(order.got, [[1, 3]]);
});

t.test('new sales are gathered for a subscriber that allows it', async (t) => {
  const clock = new ManualClock();
  const catalog = source(0, 10_000);
  const stream = new NumberedStream(catalog, clock);
  const order = subscriber(true);
  stream.subscribe(order, 1);
  for (const last of [1, 2]) {
    catalog.last = last;
    stream.applied(1);
  }
  t.same(order.got, []);
  clock.advance(purchaseLimits.salesGatherMs);
  t.same(order.got, [[1, 2]]);
  catalog.last = 3;
  stream.applied(1);
  stream.flush();
  t.same(order.got, [
    [1, 2],
    [3, 1],
  ]);
  catalog.last = 3 + purchaseLimits.salesGathered;
  stream.applied(purchaseLimits.salesGathered);
  t.equal(order.got.length, 3, 'enough for a message');
});

t.test('the stream stops at its window and continues when orders are confirmed', async (t) => {
  const stream = new NumberedStream(source(50_000, 1_000), new ManualClock());
  const order = subscriber();
  stream.subscribe(order, 1);
  const before = order.got.length;
  t.ok(before > 0 && before < 50, 'not everything leaves at once');
  stream.confirm(order, 5_000);
  t.ok(order.got.length > before);
  t.equal(stream.confirmed, 5_000);
});

t.test('a confirmation of a sale that was never sent is ignored', async (t) => {
  const stream = new NumberedStream(source(3, 1), new ManualClock());
  const order = subscriber();
  stream.subscribe(order, 1);
  stream.confirm(order, 4);
  t.equal(stream.confirmed, 0);
});

t.test('an unsubscribed subscriber gets nothing more', async (t) => {
  const catalog = source(0, 10);
  const stream = new NumberedStream(catalog, new ManualClock());
  const order = subscriber();
  stream.subscribe(order, 1);
  stream.unsubscribe(order);
  catalog.last = 1;
  stream.applied(1);
  t.same(order.got, []);
});

t.test('a request for dropped sales is refused and does not block other streams', async (t) => {
  const catalog = source(5, 1);
  const { from } = catalog;
  catalog.from = function (number, max) {
    if (number < 4) throw new Error('no longer kept');
    return from.call(this, number, max);
  };
  const stream = new NumberedStream(catalog, new ManualClock());
  const deposed = subscriber();
  t.throws(() => stream.subscribe(deposed, 3), { message: 'no longer kept' });
  const order = subscriber();
  stream.subscribe(order, 5);
  catalog.last = 6;
  stream.applied(1);
  t.same(deposed.got, []);
  t.same(order.got, [
    [5, 1],
    [6, 1],
  ]);
});

t.test('a stream that has fallen behind the watermark ends', async (t) => {
  const catalog = source(0, 30_000);
  const stream = new NumberedStream(catalog, new ManualClock());
  const [deposed, leader] = [subscriber(), subscriber()];
  stream.subscribe(deposed, 1);
  stream.subscribe(leader, 1);
  catalog.last = 30_000;
  stream.applied(30_000);
  stream.confirm(leader, 30_000);
  catalog.watermark = 30_000;
  catalog.last = 30_001;
  stream.applied(1);
  t.same(leader.got.at(-1), [30_001, 1]);
  t.same(deposed.got, [[1, 30_000]], 'and breaks nothing');
});
