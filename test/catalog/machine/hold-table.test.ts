import t from 'tap';
import { holdLimits } from '../../../src/base/limits.js';
import { HoldTable } from '../../../src/catalog/machine/hold-table.js';
import { digest } from '../log-builder.js';

const { resolvedMs, forgottenPerEntry } = holdLimits;

interface Wanted {
  readonly ttl?: number;
  readonly time?: number;
  readonly lines?: number;
  readonly reference?: string;
}

function open(holds: HoldTable, name: string, wanted: Wanted = {}): number {
  const { ttl = 60, time = 0, lines = 1, reference } = wanted;
  return holds.add({
    id: digest(name),
    customer: undefined,
    ttlSeconds: ttl,
    reference,
    lines: Array.from({ length: lines }, (_, place) => ({
      id: place + 1,
      quantity: 2,
      priceCents: 5,
    })),
    time,
    wall: 1_700_000_000_000 + time,
  });
}

t.test('serial numbers have no gaps, and ids lead to them', async (t) => {
  const holds = new HoldTable();
  t.same([open(holds, 'a'), open(holds, 'b'), open(holds, 'c', { lines: 4 })], [1, 2, 3]);
  t.equal(holds.find(digest('b')), 2);
  t.equal(holds.find(digest('d')), undefined);
  t.equal(holds.linesOf(digest('c')), 4);
  t.equal(holds.linesOf(digest('d')), undefined);
  t.same([holds.open, holds.openLines, holds.kept, holds.last], [3, 6, 3, 3]);
  t.notOk(holds.has(0));
  t.notOk(holds.has(4));
  holds.invariants();
});

t.test('holds are due from their time on, oldest second first', async (t) => {
  const holds = new HoldTable();
  t.equal(holds.nextDue, undefined);
  open(holds, 'late', { ttl: 100 });
  open(holds, 'early', { ttl: 2, time: 400 });
  open(holds, 'same second', { ttl: 2, time: 900 });
  t.equal(holds.nextDue, 2_000, 'the second in which the first one is due');
  t.same(holds.dueAt(2_399, 1_024), []);
  t.same(holds.dueAt(2_400, 1_024), [2]);
  t.same(holds.dueAt(2_900, 1_024).sort(), [2, 3]);
  t.same(holds.dueAt(99_999, 1_024).sort(), [2, 3]);
  t.same(holds.dueAt(100_000, 1_024).sort(), [1, 2, 3]);
});

t.test('due holds are named up to a number of lines, and at least one', async (t) => {
  const holds = new HoldTable();
  for (const name of ['a', 'b', 'c']) open(holds, name, { lines: 5, ttl: 1 });
  t.equal(holds.dueAt(1_000, 10).length, 2);
  t.equal(holds.dueAt(1_000, 9).length, 1);
  t.equal(holds.dueAt(1_000, 1).length, 1);
});

t.test('an extension moves the hold to another second', async (t) => {
  const holds = new HoldTable();
  for (const name of ['a', 'b', 'c']) open(holds, name, { ttl: 1 });
  holds.extend(2, 9_500, 1_700_000_009_500);
  holds.invariants();
  t.same(holds.dueAt(9_499, 100).sort(), [1, 3]);
  t.same(holds.dueAt(9_500, 100).sort(), [1, 2, 3]);
  for (const serial of [1, 3]) holds.resolve(holds.read(serial), 'expired', 1_000);
  t.equal(holds.nextDue, 9_000, 'seconds without holds are skipped');
  holds.extend(2, 9_800, 1_700_000_009_800);
  t.same(holds.dueAt(9_800, 100), [2], 'within the second');
  holds.resolve(holds.read(2), 'released', 9_000);
  t.equal(holds.nextDue, undefined);
  open(holds, 'again', { ttl: 9 });
  t.equal(holds.nextDue, 9_000, 'a second is used again');
  holds.invariants();
});

t.test('a hold is resolved once', async (t) => {
  const holds = new HoldTable();
  const serial = open(holds, 'a', { reference: 'cart' });
  holds.resolve(holds.read(serial), 'confirmed', 500, 12);
  t.match(holds.read(serial), { state: 'confirmed', at: 500, wallOrOrder: 12, reference: 'cart' });
  t.same([holds.open, holds.openLines, holds.kept], [0, 0, 1]);
  t.throws(() => holds.resolve(holds.read(serial), 'released', 600), /resolved once/);
  t.throws(() => holds.extend(serial, 600, 600), /open hold/);
  holds.invariants();
});

t.test('a resolved hold is forgotten after its time, and its id is free again', async (t) => {
  const holds = new HoldTable();
  for (const name of ['a', 'b', 'c']) open(holds, name, { reference: name });
  holds.resolve(holds.read(2), 'released', 1_000);
  holds.resolve(holds.read(1), 'expired', 2_000);
  holds.forget(resolvedMs + 999);
  t.equal(holds.kept, 3);
  holds.forget(resolvedMs + 1_000);
  t.same(
    [1, 2, 3].map((serial) => holds.has(serial)),
    [true, false, true],
  );
  t.equal(holds.find(digest('b')), undefined);
  t.equal(open(holds, 'b'), 4);
  holds.forget(resolvedMs + 2_000);
  t.notOk(holds.has(1));
  t.ok(holds.has(3), 'open holds stay');
  holds.invariants();
});

t.test('holds of one moment are forgotten together, otherwise a limited number', async (t) => {
  const holds = new HoldTable();
  const count = forgottenPerEntry + 40;
  for (let n = 0; n < count; n++) open(holds, `same ${n}`);
  for (let n = 0; n < count; n++) open(holds, `apart ${n}`);
  for (let n = 1; n <= count; n++) holds.resolve(holds.read(n), 'released', 1_000);
  for (let n = 1; n <= count; n++) holds.resolve(holds.read(count + n), 'released', 1_000 + n);
  holds.forget(10 * resolvedMs);
  t.equal(holds.kept, count, 'all of the first moment');
  holds.forget(10 * resolvedMs);
  t.equal(holds.kept, 40);
  holds.forget(10 * resolvedMs);
  t.equal(holds.kept, 0);
  holds.invariants();
});

t.test('the table is full by lines and by the bytes of references', async (t) => {
  const holds = new HoldTable();
  t.notOk(holds.isFull(holdLimits.openLinesMax, undefined));
  t.ok(holds.isFull(holdLimits.openLinesMax + 1, undefined));
  open(holds, 'a', { lines: 2 });
  t.ok(holds.isFull(holdLimits.openLinesMax - 1, undefined));
  t.notOk(holds.isFull(1, 'x'.repeat(holdLimits.referenceBytesMax)));
});

t.test('equal holds have an equal sum, in whatever order they were put', async (t) => {
  const [holds, restored] = [new HoldTable(), new HoldTable()];
  for (const name of ['a', 'b', 'c', 'd']) open(holds, name, { reference: name });
  holds.resolve(holds.read(2), 'confirmed', 10, 1);
  holds.resolve(holds.read(1), 'expired', 20);
  for (const hold of holds.all()) restored.put(hold);
  restored.startAfter(holds.last);
  t.equal(restored.sum, holds.sum);
  t.same([restored.open, restored.kept, restored.last], [2, 4, 4]);
  t.same(restored.dueAt(60_000, 100).sort(), [3, 4]);
  restored.invariants();
  for (const table of [holds, restored]) table.forget(resolvedMs + 20);
  t.equal(restored.sum, holds.sum);
  holds.extend(3, 90_000, 0);
  t.not(restored.sum, holds.sum);
});
