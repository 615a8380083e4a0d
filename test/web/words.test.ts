/** What the page makes of numbers, orders, groups and books. */
import t from 'tap';
import { artOf } from '../../src/web/model/art.js';
import { isBalanced, sortedForReading, totals } from '../../src/web/model/books.js';
import {
  duration,
  listed,
  megabytes,
  money,
  percent,
  plural,
  rate,
  timeLeft,
} from '../../src/web/model/format.js';
import { readKept, withOrder, withoutOrder } from '../../src/web/model/kept-orders.js';
import { limitWords } from '../../src/web/model/limit.js';
import { groupsOf, servicesOf } from '../../src/web/model/members.js';
import { emptySeries, pointsMax, withPoint } from '../../src/web/model/series.js';
import type { Member } from '../../src/web/model/shapes.js';

t.test('numbers are short and not more precise than the data', async (t) => {
  t.same([0, 0.25, 9.94, 3, 1234.4].map(rate), ['0', '0.3', '9.9', '3', '1,234']);
  t.same([0, 0.254, 4.26, 212.4, 1_432, 61_000].map(duration), [
    '0 ms',
    '0.25 ms',
    '4.3 ms',
    '212 ms',
    '1.4 s',
    '61 s',
  ]);
  t.same([1, 0.9996, 0.5, 0].map(percent), ['100 %', '99.9 %', '50 %', '0 %']);
  t.equal(megabytes(1_234_567_890), '1,235 MB');
  t.same([money(19.9), money(1234)], ['19.90', '1,234.00']);
  t.same([money('19.90', 'EUR'), money(1234.5, 'CHF')], ['€19.90', 'CHF\u00a01,234.50']);
  t.same([59_001, 1, 0, -5, 65_000].map(timeLeft), ['1:00', '0:01', '0:00', '0:00', '1:05']);
  t.same([listed(['a']), listed(['a', 'b', 'c'])], ['a', 'a, b and c']);
  t.same([plural(1, 'sale', 'sales'), plural(1000, 'sale', 'sales')], ['1 sale', '1,000 sales']);
});

t.test('a purchase limit is said in the unit of its window', async (t) => {
  const words = [null, 86_400, 90, 7_200].map((window) =>
    limitWords({ quantity: 2, window_seconds: window }),
  );
  t.same(words, [
    'At most 2 for one customer',
    'At most 2 for one customer in 1 day',
    'At most 2 for one customer in 90 seconds',
    'At most 2 for one customer in 2 hours',
  ]);
});

t.test('orders are kept newest first, once, and invalid stored orders are dropped', async (t) => {
  t.same(withOrder([3, 2], 7), [7, 3, 2]);
  t.same(withOrder([3, 7], 7), [7, 3]);
  t.same(withoutOrder([3, 7], 7), [3]);
  t.equal(
    withOrder(
      Array.from({ length: 80 }, (_none, i) => i + 1),
      99,
    ).length,
    50,
  );
  t.same(readKept('[5,5,0,-1,1.5,"8",null]'), [5]);
  t.same([readKept(null), readKept('{'), readKept('{}')], [[], [], []]);
});

t.test(
  'a member lags behind the longest log of its group; a member that is down has no lag',
  async (t) => {
    const member = (name: string, role: Member['role'], logEnd: number): Member => {
      const group = name.startsWith('order') ? 'order' : 'catalog';
      return { name, group, kind: 'replica', role, epoch: 1, log_end: logEnd, commit: 1, pid: 1 };
    };
    const members = [
      member('catalog-1', 'follower', 90),
      member('catalog-2', 'leader', 100),
      member('order-1', 'down', 3),
    ];
    const [catalog, order] = groupsOf({ members, frontends: [] });
    t.equal(catalog?.leader?.name, 'catalog-2');
    t.same(
      catalog?.tiles.map((one) => one.lag),
      [10, 0],
    );
    t.equal(order?.leader, undefined);
    t.equal(order?.tiles[0]?.lag, undefined);
  },
);

t.test('frontends are services too, and may be down', async (t) => {
  const frontend = (n: number, state: 'up' | 'down') => {
    return { name: `frontend-${n}`, pid: n, cache: {}, lease: {}, state };
  };
  const frontends = [frontend(1, 'up'), frontend(2, 'down')];
  t.same(servicesOf({ members: [], frontends }), {
    names: ['frontend-1', 'frontend-2'],
    down: ['frontend-2'],
  });
});

t.test('books that do not balance come first', async (t) => {
  const books = (id: number, received: number, sold: number, stock: number, ordered: number) => ({
    id,
    name: `p${id}`,
    received,
    sold,
    stock,
    ordered,
  });
  const good = books(1, 100, 3, 97, 3);
  const short = books(2, 100, 3, 96, 3);
  const unordered = books(3, 100, 3, 97, 2);
  const oversold = books(4, 100, 101, -1, 101);
  t.same([good, short, unordered, oversold].map(isBalanced), [true, false, false, false]);
  const moved = { ...books(5, 100, 4, 95, 4), reserved: 2, returned: 1 };
  t.equal(isBalanced(moved), true, 'with units in holds, and units of cancelled orders');
  t.equal(isBalanced({ ...moved, reserved: 1 }), false);
  t.same(
    sortedForReading([good, short, unordered]).map((one) => one.id),
    [2, 3, 1],
  );
  t.same(totals([good, short]), {
    received: 200,
    sold: 6,
    returned: 0,
    stock: 193,
    reserved: 0,
    ordered: 6,
  });
});

t.test('a series keeps the last minutes, with gaps for unknown values', async (t) => {
  let series = emptySeries(2);
  for (let time = 0; time < pointsMax + 5; time++)
    series = withPoint(series, time, [time, undefined]);
  t.equal(series.times.length, pointsMax);
  t.same([series.times[0], series.columns[0]?.[0], series.columns[1]?.[0]], [5, 5, null]);
});

t.test('a product has one cover, and products differ', async (t) => {
  t.same(artOf(8, 'toys'), artOf(8, 'toys'));
  t.notSame(artOf(8, 'toys').paths, artOf(9, 'toys').paths);
  t.equal(artOf(8, 'toys').hue, artOf(9, 'toys').hue, 'a topic has one hue');
  t.equal(artOf(8, 'toys').paths.length, 9);
});
