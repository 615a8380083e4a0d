import t from 'tap';
import { emptyRecord, type KeyRecord, KeySlab } from '../../../src/catalog/machine/key-slab.js';

function record(code: number, first: number, second: number, time: number): KeyRecord {
  return { words: Uint32Array.of(1, 2, 3, 4, 5, 6), code, first, second, time };
}

t.test('every number is read as it was written, whatever its size', async (t) => {
  const written = [
    record(2, -1, 0, 10),
    record(2, 99, 0, 10),
    record(0, 1, 1990, 11),
    record(0, 2 ** 32 - 1, 2 ** 32, 11),
    record(0, 2 ** 43 - 2, 2 ** 37 - 1, 10 + 2 ** 29 - 1),
    record(0, 2 ** 43 - 1, 5, 10 + 2 ** 29 - 1),
    record(1, 2 ** 40, 2 ** 37, 10 + 2 ** 29),
    record(0, 2 ** 53 - 1, 1e19, 10 + 2 ** 29),
    record(0, 5, 7e15, 2 ** 45 + 0.5),
  ];
  const slab = new KeySlab();
  const slots = written.map((one) => slab.push(one));
  const read = slots.map((slot) => {
    const into = emptyRecord();
    slab.read(slot, into);
    return into;
  });
  t.same(read, written);
});

t.test('a slot keeps its record while chunks are dropped and reused', async (t) => {
  const slab = new KeySlab();
  const into = emptyRecord();
  let oldest = 0;
  for (let n = 0; n < 60_000; n++) {
    // A wide record in each chunk must not show through in the chunk that reuses its memory.
    slab.push(record(0, n, n % 5_000 === 0 ? 2 ** 50 : n, n));
    if (n < 20_000) continue;
    slab.read(slab.oldest(), into);
    if (into.first !== oldest || into.time !== oldest) t.fail(`record ${oldest}`);
    slab.dropOldest();
    oldest++;
  }
  t.equal(slab.size, 20_000);
  const left = [...slab.slots()].map((slot) => {
    slab.read(slot, into);
    return into.second;
  });
  t.same(
    left,
    Array.from({ length: 20_000 }, (_, n) => ((40_000 + n) % 5_000 === 0 ? 2 ** 50 : 40_000 + n)),
  );
});

t.test('slots are listed from any record on, also across dropped chunks', async (t) => {
  const slab = new KeySlab();
  const into = emptyRecord();
  const count = 30_000;
  const dropped = 10_000;
  for (let n = 0; n < count; n++) slab.push(record(0, n, n, n));
  for (let n = 0; n < dropped; n++) slab.dropOldest();
  for (const skipped of [0, 1, 6_383, 6_384, 6_385, 14_575, 14_576, 19_999, 20_000, 40_000]) {
    const [slot] = slab.slots(skipped);
    if (slot !== undefined) slab.read(slot, into);
    t.equal(slot === undefined ? undefined : into.first, firstAfter(skipped));
  }
  function firstAfter(skipped: number): number | undefined {
    return dropped + skipped < count ? dropped + skipped : undefined;
  }
});
