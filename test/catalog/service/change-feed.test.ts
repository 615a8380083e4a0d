/** What a shop window is told: each product once in an interval, newest, or that it missed some. */
import t from 'tap';
import type { CatalogResult } from '../../../src/catalog/machine/results.js';
import { ChangeFeed } from '../../../src/catalog/service/change-feed.js';
import { type Changes, changeKinds, type ProductRecord } from '../../../src/wire/internal.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const intervalMs = 80;
const { stock, add, update } = changeKinds;

function tux(quantity: number, version: number): ProductRecord {
  return [8, 'Tux', 'toys', 1990, quantity, version];
}

function sold(...touched: number[]): CatalogResult {
  return { kind: 'sell', outcomes: [], sales: undefined, touched };
}

function stored(record: ProductRecord): CatalogResult {
  return { kind: 'stored', record, touched: [record[0]] };
}

function setUp() {
  const clock = new ManualClock();
  const shelf = new Map<number, ProductRecord>();
  const feed = new ChangeFeed({ clock, record: (id) => shelf.get(id) });
  const told: Changes[] = [];
  const listener = (changes: Changes): void => void told.push(changes);
  feed.join(listener);
  return { clock, shelf, feed, told, listener };
}

t.test('many sales of a product are reported once, with the newest record', async (t) => {
  const { clock, shelf, feed, told } = setUp();
  for (let version = 2; version <= 50; version++) {
    shelf.set(8, tux(100 - version, version));
    feed.applied(sold(8));
  }
  t.same(told, [], 'not before the interval is over');
  clock.advance(intervalMs);
  t.same(told, [[[stock, 8, tux(50, 50)]]]);
  clock.advance(10 * intervalMs);
  t.equal(told.length, 1, 'nothing new, nothing told');
});

t.test('an addition, a change and a removal are reported as such', async (t) => {
  const { clock, shelf, feed, told } = setUp();
  const added = tux(5, 1);
  shelf.set(8, tux(4, 2));
  feed.applied(stored(added));
  feed.applied(sold(8));
  clock.advance(intervalMs);
  t.same(told.pop(), [[add, 8, tux(4, 2)]], 'still new, though it has sold meanwhile');
  feed.applied(stored(tux(4, 3)));
  feed.applied(sold(8));
  clock.advance(intervalMs);
  t.same(told.pop(), [[update, 8, tux(4, 2)]]);
  shelf.delete(8);
  feed.applied({ kind: 'removed', record: added, touched: [8] });
  clock.advance(intervalMs);
  t.same(told.pop(), [[stock, 8, null]]);
});

t.test('an entry that changes nothing is not reported', async (t) => {
  const { clock, feed, told } = setUp();
  feed.applied({ kind: 'none' });
  feed.applied(sold());
  feed.applied({ kind: 'cursor', watermark: 4 });
  clock.advance(intervalMs);
  t.same(told, []);
});

t.test('a large restock is reported in parts, every product once', async (t) => {
  const { clock, feed, told } = setUp();
  const touched = Array.from({ length: 2_500 }, (_, index) => index + 1);
  feed.applied({ kind: 'stocked', applied: true, touched });
  clock.advance(5 * intervalMs);
  t.same(
    told.map((changes) => changes?.length),
    [1_000, 1_000, 500],
  );
  t.same(
    told.flatMap((changes) => changes?.map(([, id]) => id)),
    touched,
  );
});

t.test('changes beyond the limit are dropped, and the listener gets a notice', async (t) => {
  const { clock, feed, told } = setUp();
  const touched = Array.from({ length: 20_001 }, (_, index) => index + 1);
  feed.applied({ kind: 'stocked', applied: true, touched });
  clock.advance(10 * intervalMs);
  t.same(told, [null]);
  feed.applied(sold(8));
  clock.advance(intervalMs);
  t.same(told, [null, [[stock, 8, null]]], 'and goes on');
});

t.test('a listener that has left gets nothing more', async (t) => {
  const { clock, feed, told, listener } = setUp();
  feed.applied(sold(8));
  feed.leave(listener);
  clock.advance(intervalMs);
  feed.applied(sold(8));
  feed.join(listener);
  clock.advance(intervalMs);
  t.same(told, [], 'nor what happened before it came back');
});
