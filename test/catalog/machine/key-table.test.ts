import fc from 'fast-check';
import t from 'tap';
import {
  hashesOf,
  loadKeys,
  saveKeys,
  saveRecords,
} from '../../../src/catalog/machine/key-snapshot.js';
import { KeyTable } from '../../../src/catalog/machine/key-table.js';
import { digest } from '../log-builder.js';

const options = { keysMax: 50_000, lifeMs: 1_000 };
const hash = digest('request').slice(0, 8);

function table(count: number, time: (n: number) => number = (n) => n): KeyTable {
  const keys = new KeyTable(options);
  for (let n = 0; n < count; n++) {
    keys.add(digest(`key ${n}`), hash, ['sold', n + 1, 10 * n, false], time(n));
  }
  return keys;
}

function outcome(keys: KeyTable, name: string): unknown {
  const slot = keys.find(digest(name));
  return slot < 0 ? undefined : keys.outcome(slot);
}

t.test('each of many keys keeps its own outcome', async (t) => {
  const keys = table(20_000);
  keys.add(digest('refused'), hash, ['out_of_stock', 2 ** 40, 999_999_999, false], 20_000);
  keys.add(digest('unknown'), hash, ['not_found', 99, false], 20_000);
  let wrong = 0;
  for (let n = 0; n < 20_000; n++) {
    const found = outcome(keys, `key ${n}`) as unknown[] | undefined;
    if (found?.[1] !== n + 1 || found[2] !== 10 * n) wrong++;
  }
  t.equal(wrong, 0);
  t.same(outcome(keys, 'refused'), ['out_of_stock', 2 ** 40, 999_999_999, true]);
  t.same(outcome(keys, 'unknown'), ['not_found', 99, true]);
  t.equal(outcome(keys, 'never'), undefined);
  keys.invariants();
});

t.test('coded outcomes keep both numbers, narrow and wide, in a copy too', async (t) => {
  const numbers = [
    [0, 0],
    [1_700_000_000_000, 2],
    [2 ** 40, 2 ** 36 + 5],
    [9_999, (2 ** 20 * 2 ** 26 + 31_622_401) * 16 + 8],
    [2 ** 53 - 1, 2 ** 53 - 1],
  ] as const;
  const [keys, copy] = [new KeyTable(options), new KeyTable(options)];
  for (const [place, [first, second]] of numbers.entries()) {
    keys.add(digest(`coded ${place}`), hash, ['coded', first, second], place);
  }
  for (const piece of saveKeys(keys)) loadKeys(copy, piece);
  for (const table of [keys, copy]) {
    for (const [place, [first, second]] of numbers.entries()) {
      t.same(outcome(table, `coded ${place}`), ['coded', first, second]);
    }
    table.invariants();
  }
  t.equal(copy.sum, keys.sum);
  keys.expire(options.lifeMs + 9, 0, 10);
  t.equal(keys.size, 0, 'no sale is awaited');
});

t.test('requests that differ in any byte of their hash are distinguished', async (t) => {
  const keys = table(1);
  const slot = keys.find(digest('key 0'));
  t.equal(keys.isSameRequest(slot, hash), true);
  for (let at = 0; at < 8; at++) {
    const other = Uint8Array.from(hash, (byte, i) => (i === at ? byte ^ 1 : byte));
    t.equal(keys.isSameRequest(slot, other), false);
  }
});

t.test('keys that agree in all bits of the index are distinguished', async (t) => {
  const keys = new KeyTable(options);
  const twins = [0, 1, 2].map((last) => {
    const bytes = digest('twin');
    bytes[15] = last;
    return bytes;
  });
  for (const [n, twin] of twins.entries()) keys.add(twin, hash, ['sold', n + 1, 0, false], 0);
  for (const [n, twin] of twins.entries()) {
    t.same(keys.outcome(keys.find(twin)), ['sold', n + 1, 0, true]);
  }
  keys.expire(1_000, 1, 10);
  t.same(
    twins.map((twin) => keys.find(twin) >= 0),
    [false, true, true],
  );
});

t.test(
  'the oldest keys are dropped first, limited by time, watermark and work a call',
  async (t) => {
    const keys = table(20_000);
    keys.expire(1_099, 20_000, 1_000_000);
    t.equal(keys.size, 19_900);
    keys.expire(1_000_000, 150, 1_000_000);
    t.equal(keys.size, 19_850, 'what is not projected stays');
    keys.expire(1_000_000, 20_000, 7);
    t.equal(keys.size, 19_843);
    keys.invariants();
    keys.expire(1_000_000, 20_000, 1_000_000);
    t.equal(keys.size, 0);
    t.equal(keys.sum, new KeyTable(options).sum, 'an emptied table equals a new one');
    keys.add(digest('key 5'), hash, ['sold', 1, 1, false], 1_000_000);
    t.same(outcome(keys, 'key 5'), ['sold', 1, 1, true]);
  },
);

t.test('the table is full at its limit', async (t) => {
  const keys = new KeyTable({ keysMax: 2, lifeMs: 1 });
  keys.add(digest('a'), hash, ['not_found', 0, false], 0);
  t.equal(keys.isFull, false);
  keys.add(digest('b'), hash, ['not_found', 0, false], 0);
  t.equal(keys.isFull, true);
  keys.expire(1, 0, 1);
  t.equal(keys.isFull, false);
});

t.test('the checksum depends on every field and not on the order of arrival', async (t) => {
  const sums = new Set<string>();
  const add = (key: string, code: 'sold' | 'out_of_stock', a: number, b: number, time: number) => {
    const keys = new KeyTable(options);
    keys.add(digest(key), hash, [code, a, b, false], time);
    sums.add(keys.sum);
  };
  add('a', 'sold', 1, 2, 3);
  add('b', 'sold', 1, 2, 3);
  add('a', 'out_of_stock', 1, 2, 3);
  add('a', 'sold', 2, 2, 3);
  add('a', 'sold', 1, 3, 3);
  add('a', 'sold', 1, 2, 4);
  t.equal(sums.size, 6);
});

t.test('a saved table is restored with the same keys in the same order', async (t) => {
  const keys = table(9_000);
  keys.expire(1_500, 9_000, 10_000);
  const saved = [...saveKeys(keys)];
  t.ok(saved.length > 1, 'in several pieces');
  const restored = new KeyTable(options);
  for (const bytes of saved) loadKeys(restored, bytes);
  restored.invariants();
  t.equal(restored.sum, keys.sum);
  t.same([...saveKeys(restored)], saved);
  t.same(outcome(restored, 'key 8999'), ['sold', 9_000, 89_990, true]);
});

t.test('no sequence of adding and dropping loses or invents a key', async () => {
  const step = fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 600 }), fc.nat({ max: 30 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const keys = new KeyTable(options);
      const model: { name: string; time: number }[] = [];
      let time = 0;
      let made = 0;
      for (const [adds, passed, max] of steps) {
        time += passed;
        keys.expire(time, Number.MAX_SAFE_INTEGER, max);
        for (let n = 0; n < max && (model[0]?.time ?? time) + options.lifeMs <= time; n++) {
          model.shift();
        }
        for (let n = 0; n < adds; n++) {
          const name = `key ${made++}`;
          keys.add(digest(name), hash, ['not_found', 0, false], time);
          model.push({ name, time });
        }
        keys.invariants();
      }
      const alive = new Set(model.map(({ name }) => name));
      for (let n = 0; n < made; n++) {
        if (keys.find(digest(`key ${n}`)) >= 0 !== alive.has(`key ${n}`)) return false;
      }
      return keys.size === alive.size;
    }),
    { numRuns: 60 },
  );
});

t.test('records made of bytes are saved as the table itself saves them', async (t) => {
  const keys = table(20);
  keys.expire(1_004, 20, 10);
  t.equal(keys.dropped, 5);
  const made = Array.from(keys.records(3), (record) => ({ ...record, ...hashesOf(record) }));
  t.same(made[0]?.digest, digest('key 8'));
  t.same(made[0]?.requestHash, hash);
  const restored = new KeyTable(options);
  loadKeys(restored, saveRecords(made));
  t.equal(restored.size, 12);
  t.equal(restored.dropped, 0);
  t.same(outcome(restored, 'key 19'), outcome(keys, 'key 19'));
  keys.expire(1_007, 20, 10);
  t.equal(restored.sum, keys.sum);
});
