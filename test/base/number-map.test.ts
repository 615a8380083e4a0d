import t from 'tap';
import { NumberMap } from '../../src/base/number-map.js';
import { type Random, seededRandom } from '../../src/base/random.js';

/** Small ones, large ones, those that differ in few bits. */
function anyKey(random: Random): number {
  const bits = 1 + Math.floor(random.fraction() * 53);
  const step = 2 ** Math.floor(random.fraction() * bits);
  return Math.floor((random.fraction() * 2 ** bits) / step) * step;
}

t.test('it has the same content as a Map after any changes', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed);
    const pool = Array.from({ length: 2 + seed * 4 }, (_none, i) =>
      seed % 3 ? anyKey(random) : i,
    );
    const pick = () => pool[Math.floor(random.fraction() * pool.length)] ?? 0;
    const map = new NumberMap<string>();
    const model = new Map<number, string>();
    const wrong: string[] = [];
    for (let i = 0; i < 2_000; i++) {
      const key = pick();
      // It fills up and drains by turns.
      if (random.fraction() < (i % 500 < 250 ? 0.8 : 0.2)) {
        map.set(key, `${i}`);
        model.set(key, `${i}`);
      } else if (map.delete(key) !== model.delete(key)) {
        wrong.push(`delete ${key}`);
      }
      if (map.size !== model.size || map.get(key) !== model.get(key)) wrong.push(`at ${key}`);
      const other = pick();
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

t.test('it works for a moving window of numbers, as of calls under way', async (t) => {
  for (const width of [1, 8, 1_000]) {
    const map = new NumberMap<number>();
    const wrong: number[] = [];
    for (let key = 0; key < 20_000; key++) {
      map.set(key, key);
      const gone = key - width;
      if (gone >= 0 && (map.get(gone) !== gone || !map.delete(gone))) wrong.push(gone);
    }
    t.same(wrong, [], `${width}`);
    t.same(
      map.keys(),
      Array.from({ length: width }, (_none, i) => 20_000 - width + i),
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

t.test('an invalid key is never found and is refused', async (t) => {
  const map = new NumberMap<number>();
  for (const key of [-1, 0.5, Number.NaN]) {
    t.notOk(map.has(key), `${key}`);
    t.notOk(map.delete(key));
    t.equal(map.get(key), undefined);
    t.throws(() => map.set(key, 1));
  }
  t.equal(map.size, 0);
});
