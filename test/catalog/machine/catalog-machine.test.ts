import t from 'tap';
import { purchaseLimits } from '../../../src/base/limits.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { encode } from '../../../src/wire/codec.js';
import { busyLog, byClient, CatalogLog, product, toyLog } from '../log-builder.js';
import { headOf, type Piece, readPieces, withHead, writePieces } from './snapshot-pieces.js';

t.test('an entry without a command opens an epoch and changes nothing', async (t) => {
  const log = toyLog();
  const books = log.machine.books();
  t.same(log.append(undefined), { kind: 'none' });
  t.same(log.machine.books(), books);
});

t.test('entries are applied in order, each once', async (t) => {
  const log = toyLog();
  const entry = { seq: 1, epoch: 1, time: 0, command: new Uint8Array(0) };
  t.throws(() => log.machine.apply(entry), /entries are applied in order/);
  t.throws(() => log.machine.apply({ ...entry, seq: 3 }), /entries are applied in order/);
});

t.test(
  'replicas with the same log have the same hash, which covers each part of the state',
  async (t) => {
    const log = busyLog();
    const replica = new CatalogMachine();
    for (const entry of log.entries) replica.apply(entry);
    t.equal(replica.hash(), log.machine.hash());

    const saved = readPieces(log.machine.snapshot());
    const head = headOf(log.machine) as Record<string, number>;
    const { seq = 0, logTime = 0, orderEpoch = 0, lastRestock = 0, cursor = 0 } = head;
    const without = (kind: string, count: string): Piece[] => {
      const kept = saved.filter((piece) => piece[0] !== kind);
      return withHead(kept, { [count]: 0 });
    };
    const products = (change: (all: unknown[][]) => unknown[]): Piece[] =>
      saved.map((piece): Piece => {
        return piece[0] === 'products' ? ['products', change(piece[1] as unknown[][])] : piece;
      });
    const hashes = new Set([log.machine.hash()]);
    const changed = [
      withHead(saved, { seq: seq + 1 }),
      withHead(saved, { logTime: logTime + 1 }),
      withHead(saved, { orderEpoch: orderEpoch + 1 }),
      withHead(saved, { lastRestock: lastRestock + 1 }),
      withHead(saved, { isStocked: false }),
      without('client keys', 'clientKeys'),
      without('frontend keys', 'frontendKeys'),
      withHead(
        products(([, ...others]) => others),
        { products: Number(head['products']) - 1 },
      ),
      products(([[id, ...fields] = [] as unknown[], ...others]) => [
        [Number(id) + 1_000, ...fields],
        ...others,
      ]),
      withHead(saved, { cursor: cursor + 1 }),
    ];
    for (const pieces of changed) {
      const other = new CatalogMachine();
      other.restore(writePieces(pieces));
      hashes.add(other.hash());
    }
    t.equal(hashes.size, changed.length + 1);
  },
);

t.test('the seed of the key index changes no result, hash or snapshot', async (t) => {
  const log = busyLog();
  const seeds = [undefined, [1, 2], [2 ** 32 - 1, 77]] as const;
  const machines = seeds.map((indexSeed) => {
    return new CatalogMachine({ ...purchaseLimits, ...(indexSeed && { indexSeed }) });
  });
  for (const entry of log.entries) {
    const [first, ...others] = machines.map((machine) => machine.apply(entry));
    for (const other of others) t.same(other, first);
  }
  const again = ['sell', 3, 2_000, [byClient('a', [[1, 3]])]] as const;
  const entry = { seq: log.machine.appliedSeq + 1, epoch: 1, time: log.time };
  const saved = [...log.machine.snapshot()];
  for (const machine of machines) {
    t.equal(machine.hash(), log.machine.hash());
    t.same([...machine.snapshot()], saved);
    machine.restore(saved);
    machine.invariants();
    const result = machine.apply({ ...entry, command: encode(again) });
    t.match(result, { outcomes: [['sold', 1, 5970, true]] });
  }
});

t.test('a restored machine equals the original, also for later entries', async (t) => {
  const log = busyLog();
  const restored = new CatalogMachine();
  restored.restore([...log.machine.snapshot()]);
  restored.invariants();
  t.equal(restored.hash(), log.machine.hash());
  t.same([...restored.snapshot()], [...log.machine.snapshot()]);
  t.same(restored.books(), log.machine.books());
  t.same(restored.sales.from(2, 10), log.machine.sales.from(2, 10));

  const length = log.entries.length;
  log.sellAs(2, byClient('a', [[1, 3]]), byClient('new', [[1, 1]]));
  log.append(['restock', 2, 100]);
  log.append(['add', product('Barbie')]);
  log.append(['stock', [product('Frisbee')]]);
  const again = new CatalogLog(restored);
  for (const entry of log.entries.slice(length)) again.machine.apply(entry);
  t.equal(restored.hash(), log.machine.hash());
  t.same(restored.byName('Barbie'), [31, 'Barbie', 'toys', 1990, 100, 1]);
  t.same(restored.search({ text: 'ärger', limit: 5 }).records[0]?.[0], 30);
});

t.test('the parts of a first stock are applied once each and in order', async (t) => {
  const log = new CatalogLog();
  const part = (names: string[]) => names.map((name) => product(name));
  const stock = (names: string[], from: number) => log.append(['stock', part(names), from, 3]);
  t.match(stock(['C'], 2), { applied: false });
  t.match(stock(['A', 'B'], 0), { applied: true });
  t.match(stock(['A', 'B'], 0), { applied: false }, 'another leader begins with it as well');
  t.equal(log.machine.isStocked, false);
  const restored = new CatalogMachine();
  restored.restore(log.machine.snapshot());
  t.equal(restored.stockedSoFar, 2);
  t.match(stock(['C'], 2), { applied: true });
  t.equal(log.machine.isStocked, true);
  t.equal(log.machine.productCount, 3);
  t.match(stock(['D'], 3), { applied: false });
});

t.test('a snapshot does not make the id of a removed product free again', async (t) => {
  const log = toyLog();
  log.append(['remove', 2, null]);
  const restored = new CatalogMachine();
  restored.restore(log.machine.snapshot());
  t.match(new CatalogLog(restored).append(['add', product('Bear')]), { record: [3, 'Bear'] });
});

t.test('a snapshot records whether every replica applies the bound of totals', async (t) => {
  const log = toyLog();
  const restored = () => {
    const machine = new CatalogMachine();
    machine.restore(log.machine.snapshot());
    return machine.boundsTotals;
  };
  log.sell(byClient('a', [[1, 1]]));
  t.equal(restored(), false);
  log.append(['sell', 1, 0, [byClient('b', [[1, 1]])], true]);
  t.equal(restored(), true);
});

t.test('a snapshot replaces the whole state', async (t) => {
  const log = busyLog();
  const used = toyLog();
  used.append(['add', product('Barbie')]);
  used.machine.restore(log.machine.snapshot());
  t.equal(used.machine.hash(), log.machine.hash());
  t.equal(used.machine.byName('Barbie'), undefined);
});

t.test('a snapshot of another shape is refused', async (t) => {
  const saved = readPieces(toyLog().machine.snapshot());
  const [head = ['head', {}], ...others] = saved;
  const shapes: unknown[][] = [
    [null],
    [{}],
    withHead(saved, { version: 1 }),
    [head, ['products', [[1]]]],
    [head, ['gifts', []]],
  ];
  for (const bad of shapes) {
    t.throws(() => new CatalogMachine().restore(writePieces(bad)), /has the shape/);
  }
  const restore = (pieces: readonly unknown[]) => () =>
    new CatalogMachine().restore(writePieces(pieces));
  t.throws(restore([head]), /as much as its head says/, 'a part is missing');
  t.throws(restore(others), /begins with its head/);
  t.throws(restore([head, ...saved]), /has one head/);
  t.throws(restore([]), /has a head/);
  t.throws(restore(withHead(saved, { lastSale: 4 })), /above the watermark is kept/);
});

t.test('a restore that is not finished changes nothing', async (t) => {
  const log = busyLog();
  const hash = log.machine.hash();
  const restore = log.machine.beginRestore();
  const pieces = [...toyLog().machine.snapshot()];
  for (const piece of pieces.slice(0, -1)) restore.take(piece);
  t.throws(() => restore.finish(), /as much as its head says/);
  t.equal(log.machine.hash(), hash);
});

t.test('an audit returns the hash and the last sale at its entry', async (t) => {
  const log = busyLog();
  const result = log.append(['audit', 'token']);
  t.same(result, { kind: 'audit', token: 'token', hash: log.machine.hash(), lastSale: 3 });
});

t.test('an unknown command stops the replica', async (t) => {
  const log = toyLog();
  const command = encode(['promote', 1]);
  t.throws(
    () => log.machine.apply({ seq: 2, epoch: 1, time: 0, command }),
    /"promote" that is none/,
  );
});

t.test('a command of another group is refused with a message that says what to do', async (t) => {
  const command = encode(['orders', 1, 1, new Uint8Array(3)]);
  t.throws(() => new CatalogMachine().apply({ seq: 1, epoch: 1, time: 0, command }), {
    name: 'UnknownCommandError',
    message:
      /"orders" that is none of the catalog group's: .* another member.*put the right journal/,
  });
});
