import fc from 'fast-check';
import t from 'tap';
import { type Hold, HoldSlab, serialOf, slotOf } from '../../../src/catalog/machine/hold-slab.js';
import { digest } from '../log-builder.js';

function holdOf(serial: number, lines = 1 + (serial % 4)): Hold {
  return {
    serial,
    id: digest(`hold ${serial}`),
    customer: serial % 3 === 0 ? undefined : digest(`customer ${serial % 5}`),
    state: 'open',
    ttlSeconds: 86_400,
    openedAt: 1_000 * serial + 0.5,
    openedWall: 1_700_000_000_000 + serial,
    at: 2_000 * serial,
    wallOrOrder: 2 ** 41 + serial,
    lines: Array.from({ length: lines }, (_, place) => {
      return { id: 2 ** 40 + place, quantity: 1_000_000_000 + place, priceCents: 2 ** 45 + serial };
    }),
  };
}

t.test('each of many holds is read as it was written', async (t) => {
  const slab = new HoldSlab();
  const holds = Array.from({ length: 2_000 }, (_, place) => holdOf(place + 1));
  for (const hold of holds) slab.put(hold);
  t.equal(slab.chunks, Math.ceil(2_001 / 256));
  for (const hold of holds) {
    t.same(slab.read(hold.serial), hold);
    t.equal(slab.lineCount(slotOf(hold.serial)), hold.lines.length);
  }
  t.notOk(slab.has(slotOf(0)));
  t.notOk(slab.has(slotOf(2_001)));
  t.notOk(slab.has(slotOf(9_999)), 'a chunk that was never made');
});

t.test('the longest hold and the longest lists of lines fit', async (t) => {
  const slab = new HoldSlab();
  const holds = Array.from({ length: 256 }, (_, place) => holdOf(place + 256, 100));
  for (const hold of holds) slab.put(hold);
  for (const hold of holds) t.same(slab.read(hold.serial), hold);
});

t.test('a change keeps all other fields', async (t) => {
  const slab = new HoldSlab();
  const [before, after] = [holdOf(255, 3), holdOf(256, 2)];
  slab.put(before);
  slab.put(after);
  slab.change(slotOf(255), 'confirmed', 77, 2 ** 42);
  t.same(slab.read(255), { ...before, state: 'confirmed', at: 77, wallOrOrder: 2 ** 42 });
  t.equal(slab.at(slotOf(255)), 77);
  t.same(slab.read(256), after);
});

t.test('a chunk goes with its last hold, and its slots can be used again', async (t) => {
  const slab = new HoldSlab();
  for (let serial = 1; serial <= 600; serial++) slab.put(holdOf(serial));
  for (let serial = 1; serial < 256; serial++) slab.drop(slotOf(serial));
  t.equal(slab.chunks, 2);
  t.notOk(slab.has(slotOf(7)));
  t.same(slab.read(256), holdOf(256));
  slab.put(holdOf(7, 2));
  t.same(slab.read(7), holdOf(7, 2));
});

t.test('links hold any slot, and none', async (t) => {
  const slab = new HoldSlab();
  const last = slotOf(2 ** 32 - 2);
  for (const serial of [1, 2, 2 ** 32 - 2]) slab.put(holdOf(serial));
  t.equal(slab.before(1), undefined);
  slab.link(1, 0, last);
  t.equal(slab.before(1), 0, 'slot 0 is not mistaken for none');
  t.equal(slab.after(1), last);
  slab.link(1, undefined, undefined);
  t.equal(slab.after(1), undefined);
});

t.test('a slot leads back to its newest serial number', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.nat({ max: 4_000_000 }),
      (last, behind) => {
        const serial = Math.max(1, last - behind);
        return serialOf(slotOf(serial), last) === serial;
      },
    ),
  );
});
