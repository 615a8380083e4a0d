/** New versions of the rules: when the leader starts one, and what the migration changes. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { silentLogger } from '../../../src/base/logging.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { requireRules } from '../../../src/catalog/service/require-rules.js';
import { startRestocking } from '../../../src/catalog/service/restock.js';
import { Rules } from '../../../src/catalog/service/rules.js';
import type { RulesSettings } from '../../../src/wire/internal.js';
import { busyLog, byClient, product, toyLog } from '../log-builder.js';
import { headOf } from '../machine/snapshot-pieces.js';
import { openCatalog, openStore, settled } from '../one-catalog.js';

const settings: RulesSettings = {
  restockTo: 100,
  bundled: [
    [1, 'Tux'],
    [2, 'Bear'],
  ],
};

t.test(
  'a log of an earlier build gives the state hash and the snapshot of that build',
  async (t) => {
    const { machine } = busyLog();
    // Computed by the build before the rules.
    t.equal(machine.hash(), 'ebe67f006aae8e0e0fd68b3c469137859fd5e776031b25f71ad2a17331642c4e');
    const saved = createHash('sha256');
    for (const piece of machine.snapshot()) saved.update(piece);
    const digest = '662a7581b0ddff5e9bea23d14ed95a0d5877765647bd50284cbe40306e103243';
    t.equal(saved.digest('hex'), digest);
  },
);

t.test('under rules 0 a restock target has no effect', async (t) => {
  const log = toyLog();
  log.append(['add', product('Bear', { restockTo: 7, quantity: 0 })]);
  log.append(['update', 1, { restockTo: 9, quantity: 1 }]);
  t.same(log.machine.byId(1), [1, 'Tux', 'toys', 1990, 1, 2]);
  log.append(['restock', 1, 20]);
  t.same(
    [1, 2, 3].map((id) => log.machine.byId(id)?.[4]),
    [20, 20, 20],
  );
});

t.test('rules 1 give the bundled products their target, and all others none', async (t) => {
  const log = toyLog();
  t.same(log.append(['rules', 1, settings]), { kind: 'stocked', applied: true, touched: [1] });
  t.same(log.machine.byId(1), [1, 'Tux', 'toys', 1990, 100, 2, 100]);
  t.same(log.machine.byId(2), [2, 'Whale', 'toys', 700, 5, 1], 'another name under the id');
  t.same(log.append(['rules', 1, settings]), { kind: 'stocked', applied: false, touched: [] });
  log.sell(byClient('a', [[1, 30]]), byClient('b', [[2, 5]]));
  t.same(log.machine.belowTarget(50), [1]);
  t.match(log.append(['restock', 1]), { applied: true, touched: [1] });
  t.match(log.append(['update', 2, { restockTo: 3 }]), { kind: 'stored' });
  t.match(log.append(['restock', 2, 50]), { applied: true, touched: [2] }, 'the older form');
  t.same(
    [1, 2].map((id) => log.machine.byId(id)?.[4]),
    [100, 3],
  );
  t.match(log.append(['update', 1, { restockTo: 0 }]), { code: 'invalid_argument' });
  log.append(['update', 1, { restockTo: null, quantity: 0 }]);
  t.match(log.append(['restock', 3]), { applied: true, touched: [] });
  t.same(log.machine.byId(1), [1, 'Tux', 'toys', 1990, 0, 5]);
  log.machine.invariants();
});

t.test('a snapshot contains the rules and the targets', async (t) => {
  const log = toyLog();
  log.append(['rules', 1, settings]);
  const other = new CatalogMachine();
  other.restore(log.machine.snapshot());
  t.equal(other.hash(), log.machine.hash());
  t.equal(other.rules, 1);
  t.same(other.byId(1), log.machine.byId(1));
  t.equal(headOf(log.machine)['version'], 3, 'builds before refuse it');
});

t.test('rules of a later build stop the replica', async (t) => {
  const log = toyLog();
  t.throws(() => log.append(['rules', 5, settings]), /this build supports the rules up to 4/);
});

t.test('the leader starts the rules once all replicas support them', async (t) => {
  const catalog = await openStore();
  const { store, clock, machine } = catalog;
  let supported = 0;
  const rules = new Rules({
    ...{ store, clock, logger: silentLogger },
    supported: () => supported,
    settings: async () => settings,
  });
  clock.advance(10_000);
  await settled();
  t.equal(machine.rules, 0);
  t.throws(() => requireRules(store, 1, 'restock_to'), { code: 'unavailable' });
  supported = 1;
  rules.check();
  await settled();
  t.equal(machine.rules, 0, 'not before all support rules 3');
  supported = 3;
  rules.check();
  rules.check();
  await settled();
  t.equal(machine.rules, 3);
  const seq = machine.appliedSeq;
  clock.advance(1_000);
  await settled();
  t.equal(machine.appliedSeq, seq, 'once');
  requireRules(store, 1, 'restock_to');
  supported = 4;
  rules.check();
  await settled();
  t.equal(machine.rules, 4, 'an order leader has asked for the ledger');
  rules.stop();
});

t.test('the first stock waits for the rules, for a limited time or until they apply', async (t) => {
  const { store, clock } = await openCatalog();
  const rules = new Rules({
    ...{ store, clock, logger: silentLogger },
    supported: () => 0,
    settings: async () => settings,
  });
  const over: string[] = [];
  rules.settled(false).then(() => over.push('a while'));
  rules.settled(true).then(() => over.push('until they hold'));
  clock.advance(1_000);
  await settled();
  t.same(over, []);
  clock.advance(1_500);
  await settled();
  t.same(over, ['a while']);
  await store.propose(['rules', 3, settings]);
  rules.check();
  await settled();
  t.same(over, ['a while', 'until they hold']);
  rules.stop();
});

t.test('the restock timer fills each product up to its own target', async (t) => {
  const { store, clock, machine } = await openStore();
  await store.propose(['rules', 1, settings]);
  await store.propose(['add', product('Rare', { quantity: 0 })]);
  await store.propose(['update', 1, { quantity: 3 }]);
  const timer = startRestocking({
    ...{ store, clock, logger: silentLogger },
    everySeconds: 10,
    target: 60,
  });
  clock.advance(10_000);
  await settled();
  t.same(
    [1, 2].map((id) => machine.byId(id)?.[4]),
    [100, 0],
  );
  timer.cancel();
});

t.test('rules 1 clean names and topics, except names that would become equal', async (t) => {
  const log = toyLog();
  const names = [' Bear\n', 'TUX', 'Ba\u0308r', ' 007', 'a\u0007b'];
  for (const name of names) log.append(['add', product(name, { topic: ' Toys\t' })]);
  t.match(log.append(['rules', 1, settings]), { applied: true, touched: [1, 3, 4, 5, 6, 7] });
  const found = log.machine.search({ limit: 10 }).records.map(([, name]) => name);
  t.same(found, ['Tux', 'Whale', 'Bear', 'TUX', 'Bär', ' 007', 'a b']);
  t.equal(log.machine.search({ topic: 'TOYS', limit: 10 }).records.length, 7);
  t.same(log.machine.byName('TUX')?.[0], 4, 'the exact text comes first');
  t.same(log.machine.byName('tux')?.[0], 1);
  log.append(['remove', 1, null]);
  t.same(log.machine.byName('tux')?.[0], 4);
  t.equal(log.machine.byName('BÄR')?.[0], 5);
  log.machine.invariants();
  const other = new CatalogMachine();
  other.restore(log.machine.snapshot());
  t.equal(other.byName('bar\u0308') ?? other.byName('ba\u0308r')?.[0], 5);
  t.equal(other.hash(), log.machine.hash());
  other.invariants();
});

t.test('from rules 1 on names are unique, found and searched in any spelling', async (t) => {
  const log = toyLog();
  t.match(log.append(['add', product('tux')]), { kind: 'stored' }, 'before');
  log.append(['remove', 3, null]);
  log.append(['rules', 1, settings]);
  t.match(log.append(['add', product(' tUX ')]), { code: 'conflict', current: [1, 'Tux'] });
  t.match(log.append(['add', product(' Straße', { topic: 'Ba\u0308der ' })]), {
    record: [4, 'Straße', 'Bäder'],
  });
  t.match(log.append(['add', product('STRASSE')]), { code: 'conflict' });
  t.match(log.append(['add', product('a\u0001')]), { code: 'invalid_argument' });
  t.match(log.append(['add', product(' 12 ')]), { code: 'invalid_argument' });
  t.match(log.append(['update', 4, { topic: 'x\u0001y' }]), { code: 'invalid_argument' });
  t.match(log.append(['update', 4, { topic: ' Seife ' }]), { record: [4, 'Straße', 'Seife'] });
  const ids = (query: object) =>
    log.machine.search({ ...query, limit: 10 }).records.map(([id]) => id);
  t.same(ids({ text: 'RASSE' }), [4]);
  t.same(ids({ topic: 'SEIFE' }), [4]);
  t.same(log.sell(byClient('a', [['strasse', 1]])), [['sold', 1, 1990, false]]);
});
