import t from 'tap';
import { addProduct } from '../../../src/catalog/machine/product-rules.js';
import { Products } from '../../../src/catalog/machine/products.js';
import type { ProductRecord } from '../../../src/wire/internal.js';
import { byClient, CatalogLog, product, toyLog } from '../log-builder.js';

function ids(records: readonly ProductRecord[]): number[] {
  return records.map(([id]) => id);
}

t.test('the first stock is applied once in the lifetime of a cluster', async (t) => {
  const log = toyLog();
  t.equal(log.machine.isStocked, true);
  t.same(log.append(['stock', [product('Bear')]]), {
    kind: 'stocked',
    applied: false,
    touched: [],
  });
  t.equal(log.machine.byName('Bear'), undefined);
});

t.test('a product without an id gets one above all ids used so far', async (t) => {
  const log = toyLog();
  const added = log.append(['add', product('Bear')]);
  t.same(added, { kind: 'stored', record: [3, 'Bear', 'toys', 1990, 100, 1], touched: [3] });
  log.append(['remove', 3, null]);
  t.match(log.append(['add', product('Barbie')]), { record: [4] });
  log.append(['add', product('Frisbee', { id: 50 })]);
  t.match(log.append(['add', product('Hoop')]), { record: [51] });
});

t.test('names and ids are unique, and a used id is never reused', async (t) => {
  const log = toyLog();
  const tux = [1, 'Tux', 'toys', 1990, 100, 1];
  t.match(log.append(['add', product('Tux')]), { code: 'conflict', current: tux });
  t.match(log.append(['add', product('Bear', { id: 1 })]), { code: 'conflict', current: tux });
  log.append(['remove', 1, null]);
  t.match(log.append(['add', product('Bear', { id: 1 })]), { code: 'invalid_argument' });
  t.match(log.append(['add', product('Tux')]), { kind: 'stored' }, 'a name does come back');
});

t.test('a product that exceeds a limit is refused', async (t) => {
  const log = toyLog();
  const bad = [
    product('2024'),
    product(''),
    product('x'.repeat(201)),
    product('Bear', { id: 0 }),
    product('Bear', { id: 1.5 }),
    product('Bear', { quantity: 1_000_000_001 }),
    product('Bear', { quantity: -1 }),
    product('Bear', { priceCents: 0.5 }),
    product('Bear', { topic: '' }),
  ];
  for (const wanted of bad) {
    t.match(log.append(['add', wanted]), { kind: 'refused', code: 'invalid_argument' });
  }
  const full = log.append(['update', 1, { add: 1_000_000_000 }]);
  t.match(full, { kind: 'refused', code: 'invalid_argument' });
  const both = log.append(['update', 1, { add: 1, quantity: 1 }]);
  t.match(both, { kind: 'refused', code: 'invalid_argument' });
  t.same(log.machine.byId(1), [1, 'Tux', 'toys', 1990, 100, 1]);
  t.match(log.append(['add', product('🐧'.repeat(200))]), { kind: 'stored' });
});

t.test('a lone surrogate in a name is refused, because a file cannot store it', async (t) => {
  const products = new Products();
  t.match(addProduct(products, product('half \ud800'), 1), { code: 'invalid_argument' });
  t.equal(products.size, 0);
});

t.test('an update changes the given fields and raises the version by one', async (t) => {
  const log = toyLog();
  const change = { priceCents: 5, add: 20, topic: 'Penguins' };
  const record = [1, 'Tux', 'Penguins', 5, 120, 2];
  t.same(log.append(['update', 1, change]), { kind: 'stored', record, touched: [1] });
  t.match(log.append(['update', 1, { quantity: 7 }]), { record: [1, 'Tux', 'Penguins', 5, 7, 3] });
  const same = log.append(['update', 1, { quantity: 7, topic: 'Penguins' }]);
  t.match(same, { record: [1, 'Tux', 'Penguins', 5, 7, 3], touched: [] }, 'nothing has changed');
  t.match(log.append(['update', 9, { quantity: 7 }]), { kind: 'refused', code: 'not_found' });
});

t.test('a version other than the expected one is a conflict that returns the record', async (t) => {
  const log = toyLog();
  log.sell(byClient('a', [[1, 1]]));
  const current = [1, 'Tux', 'toys', 1990, 99, 2];
  t.match(log.append(['update', 1, { add: 1, ifVersion: 1 }]), { code: 'conflict', current });
  t.match(log.append(['remove', 1, 1]), { code: 'conflict', current });
  t.match(log.append(['update', 1, { add: 1, ifVersion: 2 }]), { kind: 'stored' });
  t.match(log.append(['remove', 1, 3]), {
    kind: 'removed',
    record: [1, 'Tux', 'toys', 1990, 100, 3],
  });
  t.match(log.append(['remove', 1, null]), { code: 'not_found' });
});

t.test('a restock fills up to the target, never lowers, and applies once (A26)', async (t) => {
  const log = toyLog();
  log.append(['update', 1, { quantity: 802 }]);
  t.same(log.machine.belowTarget(100), [2]);
  t.same(log.append(['restock', 1, 100]), { kind: 'stocked', applied: true, touched: [2] });
  t.same(log.machine.byId(1), [1, 'Tux', 'toys', 1990, 802, 2]);
  t.same(log.machine.byId(2), [2, 'Whale', 'toys', 700, 100, 2]);
  log.sell(byClient('a', [[2, 5]]));
  const notApplied = { kind: 'stocked', applied: false, touched: [] };
  t.same(log.append(['restock', 1, 100]), notApplied, 'a duplicate');
  t.same(log.append(['restock', 3, 100]), notApplied, 'out of turn');
  t.equal(log.machine.byId(2)?.[4], 95);
  t.match(log.append(['restock', 2, 100]), { applied: true, touched: [2] });
  t.equal(log.machine.lastRestock, 2);
});

t.test('the products below the target are known for any target and after any change', async (t) => {
  const log = toyLog();
  t.same(log.machine.belowTarget(100), [2]);
  t.same(log.machine.belowTarget(101), [1, 2]);
  log.append(['add', product('Bear', { quantity: 0 })]);
  log.append(['update', 1, { quantity: 500 }]);
  t.same(log.machine.belowTarget(101), [2, 3]);
  log.append(['remove', 2, null]);
  t.same(log.machine.belowTarget(101), [3]);
  t.same(log.machine.belowTarget(5), [3]);
  log.machine.invariants();
});

t.test('the books balance for every product, including removed ones', async (t) => {
  const log = toyLog();
  log.sell(
    byClient('a', [
      [1, 3],
      [2, 5],
    ]),
  );
  log.append(['restock', 1, 100]);
  log.append(['update', 1, { quantity: 10 }]);
  log.append(['remove', 2, null]);
  t.same(log.machine.books(), [
    { id: 1, name: 'Tux', received: 13, sold: 3, stock: 10, reserved: 0, returned: 0 },
    { id: 2, name: 'Whale', received: 5, sold: 5, stock: 0, reserved: 0, returned: 0 },
  ]);
});

t.test(
  'search matches a topic in any case, or a part of name or topic, in pages by id',
  async (t) => {
    const log = new CatalogLog();
    const names = ['Bear', 'Barbie', 'RPCs for Dummies', 'Crayola'];
    for (const [i, name] of names.entries()) {
      log.append(['add', product(name, { topic: i === 2 ? 'Distributed Systems' : 'Toys' })]);
    }
    const find = (query: Parameters<typeof log.machine.search>[0]) => {
      const { records, next } = log.machine.search(query);
      return [ids(records), next];
    };
    t.same(find({ topic: 'tOYS', limit: 10 }), [[1, 2, 4], undefined]);
    t.same(find({ topic: 'toy', limit: 10 }), [[], undefined]);
    t.same(find({ text: 'BAR', limit: 10 }), [[2], undefined]);
    t.same(find({ text: 'distributed', limit: 10 }), [[3], undefined]);
    t.same(find({ topic: 'toys', text: 'ra', limit: 10 }), [[4], undefined]);
    t.same(find({ limit: 3 }), [[1, 2, 3], 3]);
    t.same(find({ limit: 3, after: 3 }), [[4], undefined]);
    t.same(find({ limit: 4 }), [[1, 2, 3, 4], undefined], 'a full last page has no next');
    t.same(find({ text: 'bar toys', limit: 3 }), [[], undefined], 'not across name and topic');

    log.append(['update', 1, { topic: 'Animals' }]);
    log.append(['remove', 2, null]);
    log.append(['add', product('Whale', { id: 40 })]);
    log.append(['add', product('Tux', { id: 20 })]);
    t.same(find({ topic: 'toys', limit: 10 }), [[4, 20, 40], undefined]);
    t.same(find({ text: 'animals', limit: 10 }), [[1], undefined]);
    t.same(find({ text: 'rpcs', limit: 10 }), [[3], undefined]);
    t.same(find({ text: 'toys', limit: 2, after: 4 }), [[20, 40], undefined]);
  },
);

t.test(
  'the write set of an undecided command has every product and name that it may change',
  async (t) => {
    const log = toyLog();
    const { machine } = log;
    const lines = byClient('a', [
      [9, 1],
      ['Whale', 1],
      ['Kraken', 1],
    ]);
    const none = { ids: [], changedNames: [], stableNames: [], topics: [] };
    t.same(machine.writeSet(['sell', 1, 0, [lines]]), {
      ...none,
      ids: [9, 2],
      stableNames: ['Whale', 'Kraken'],
    });
    t.same(machine.writeSet(['update', 1, { add: 1 }]), {
      ...none,
      ids: [1],
      stableNames: ['Tux'],
    });
    t.same(machine.writeSet(['remove', 9, null]), { ...none, ids: [9], topics: [''] });
    t.same(machine.writeSet(['add', product('Bear')]), {
      ids: [0, 3],
      changedNames: ['Bear'],
      stableNames: [],
      topics: ['', 'toys'],
    });
    t.same(machine.writeSet(['restock', 1, 100]), { ...none, ids: [2] });
    t.same(machine.writeSet(['stock', [product('A', { id: 7 })]]), {
      ids: [0, 7],
      changedNames: ['A'],
      stableNames: [],
      topics: ['', 'toys'],
    });
    t.same(machine.writeSet(['cursor', 1]), none);
    t.same(machine.writeSet(['register', 'p', 'frontend-1']), none);
  },
);
