/** Counting requests: where they belong, in buckets, and over from a thread to its owner once. */
import t from 'tap';
import { RequestMeter } from '../../src/gateway/request-meter.js';

const totals = (meter: RequestMeter) =>
  meter
    .samples('f')
    .filter(([name]) => name === 'bazar_requests_total')
    .map(([, labels, value]) => [labels.join(' '), value]);

const times = (meter: RequestMeter, operation: string) =>
  meter
    .samples('f')
    .find(
      ([name, labels]) => name === 'bazar_request_duration_seconds' && labels[2] === operation,
    )?.[2];

t.test('requests are counted by listener, operation and code', async (t) => {
  const meter = new RequestMeter();
  meter.count('raw', 'buy', 'ok', 0.002);
  meter.count('raw', 'buy', 'ok', 0.003);
  meter.count('raw', 'buy', 'out_of_stock', 0.002);
  meter.count('http', 'buy', 'ok', 0.002);
  meter.countNow('dialect', 'other', 'internal');
  t.same(totals(meter), [
    ['f raw buy ok', 2],
    ['f raw buy out_of_stock', 1],
    ['f http buy ok', 1],
    ['f dialect other internal', 1],
  ]);
});

t.test('a time is counted in the first bucket with a bound not below it', async (t) => {
  const meter = new RequestMeter();
  for (const seconds of [0.0001, 0.00011, 0.0025, 5, 60])
    meter.count('raw', 'order', 'ok', seconds);
  const values = times(meter, 'order') as number[];
  // 0.1 ms, 0.25 ms, 0.5 ms, 1 ms, 2.5 ms …, 5 s, infinite; then the sum.
  t.same(values.slice(0, 5), [1, 1, 0, 0, 1]);
  t.same(values.slice(14, 16), [1, 1]);
  t.ok(Math.abs((values[16] ?? 0) - 65.00271) < 1e-9);
  t.equal(values.length, 17);
});

t.test('a request answered at once counts without a time', async (t) => {
  const meter = new RequestMeter();
  for (let count = 0; count < 10; count++) meter.countNow('raw', 'lookup', 'ok');
  meter.countNow('raw', 'lookup', 'not_found');
  const values = times(meter, 'lookup') as number[];
  t.equal(values[0], 11);
  t.equal(values.at(-1), 0);
  t.same(totals(meter), [
    ['f raw lookup ok', 10],
    ['f raw lookup not_found', 1],
  ]);
});

t.test('a thread’s counts move to the owner once, and add up there', async (t) => {
  const [one, other, owner] = [new RequestMeter(), new RequestMeter(), new RequestMeter()];
  t.equal(one.take(), undefined, 'nothing to tell');
  for (const thread of [one, other, one]) {
    thread.count('http', 'search', 'ok', 0.01);
    thread.countDelay(0.2);
    const news = thread.take();
    if (news) owner.add(news);
    t.equal(thread.take(), undefined);
  }
  t.same(totals(owner), [['f http search ok', 3]]);
  t.ok(Math.abs(((times(owner, 'search') as number[])[16] as number) - 0.03) < 1e-9);
  const delays = owner.samples('f').find(([name]) => name === 'bazar_event_loop_delay_seconds');
  t.same(delays?.[1], ['f', 'sessions']);
  const late = (delays?.[2] ?? []) as number[];
  t.ok(Math.abs((late.at(-1) ?? 0) - 0.6) < 1e-9);
  t.same(
    late.slice(0, -1).filter((count) => count > 0),
    [3],
  );
});

t.test('the sum of an operation covers all listeners', async (t) => {
  const meter = new RequestMeter();
  meter.count('raw', 'buy', 'ok', 0.00005);
  meter.count('http', 'buy', 'ok', 60);
  meter.count('dialect', 'buy', 'out_of_stock', 60);
  meter.count('http', 'lookup', 'unavailable', 0.0002);
  const buys = meter.sum('buy');
  t.match(buys, { answered: 3, succeeded: 2, failed: 0 }, 'sold out is no failure');
  t.same([buys.times[0], buys.times.at(-1), buys.times.length], [1, 2, 16]);
  t.match(meter.sum(), { answered: 4, succeeded: 2, failed: 1 });
});
