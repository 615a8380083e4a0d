import t from 'tap';
import { NumberMap } from '../../src/base/number-map.js';
import { seededRandom } from '../../src/base/random.js';

/** Keys that crowd on the same places, in maps of any size. */
const spread = [1, 2 ** 20, 2 ** 32];

t.test('it holds what a Map holds, through any changes', async (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed);
    const below = (count: number) => Math.floor(random.fraction() * count);
    const step = spread[seed % spread.length] ?? 1;
    const keys = 1 + below(300);
    const map = new NumberMap<string>();
    const model = new Map<number, string>();
    const wrong: string[] = [];
    for (let i = 0; i < 3_000; i++) {
      const key = below(keys) * step;
      // It fills up and drains by turns.
      if (random.fraction() < (i % 1_000 < 500 ? 0.8 : 0.2)) {
        map.set(key, `${i}`);
        model.set(key, `${i}`);
      } else if (map.delete(key) !== model.delete(key)) {
        wrong.push(`delete ${key}`);
      }
      if (map.size !== model.size || map.get(key) !== model.get(key)) wrong.push(`at ${key}`);
      const other = below(keys) * step;
      if (map.get(other) !== model.get(other) || map.has(other) !== model.has(other)) {
        wrong.push(`other ${other}`);
      }
    }
    t.same(wrong, [], `seed ${seed}`);
    const sorted = [...model].sort(([one], [other]) => one - other);
    t.same(
      map.keys(),
      sorted.map(([key]) => key),
    );
    t.same(
      map.values(),
      sorted.map(([, value]) => value),
    );
    const seen = new Map<number, string>();
    map.forEach((value, key) => {
      seen.set(key, value);
    });
    t.same(
      [...seen].sort(([one], [other]) => one - other),
      sorted,
    );
  }
});

t.test('it is emptied at once', async (t) => {
  const map = new NumberMap<number>();
  for (let key = 0; key < 1_000; key++) map.set(key, key);
  map.clear();
  t.equal(map.size, 0);
  t.same(map.values(), []);
  t.equal(map.get(7), undefined);
  map.set(7, 8);
  t.same(map.keys(), [7]);
});

t.test('what cannot be a key is in no map, and is not taken', async (t) => {
  const map = new NumberMap<number>();
  for (const key of [-1, 0.5, Number.NaN]) {
    t.notOk(map.has(key), `${key}`);
    t.notOk(map.delete(key));
    t.equal(map.get(key), undefined);
    t.throws(() => map.set(key, 1));
  }
  t.equal(map.size, 0);
});
