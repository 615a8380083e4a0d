/** Changes under idempotency keys, and the keys of purchases beside them. */
import t from 'tap';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { WriteKeys } from '../../../src/catalog/machine/write-keys.js';
import type { CatalogCommand, ChangeCommand } from '../../../src/wire/internal.js';
import { byClient, type CatalogLog, digest, hour, product, toyLog } from '../log-builder.js';

/** Under rules 1. */
function ruledLog(): CatalogLog {
  const log = toyLog();
  log.append(['rules', 1, { restockTo: 0, bundled: [] }]);
  return log;
}

interface Parts {
  readonly seenTime?: number;
  readonly request?: string;
}

function keyed(
  key: string,
  change: ChangeCommand,
  { seenTime = 0, request = JSON.stringify(change) }: Parts = {},
): CatalogCommand {
  return ['keyed', digest(key), digest(request).slice(0, 8), seenTime, change];
}

t.test('a repeated change gets the first outcome and changes nothing', async (t) => {
  const log = ruledLog();
  const addTen = keyed('k', ['update', 1, { add: 10 }]);
  const record = [1, 'Tux', 'toys', 1990, 110, 2];
  t.same(log.append(addTen), { kind: 'stored', record, touched: [1] });
  log.sell(byClient('a', [[1, 4]]));
  t.same(log.append(addTen), { kind: 'stored', record, touched: [], replayed: true });
  t.equal(log.machine.byId(1)?.[4], 106);
  const add = keyed('l', ['add', product('Bear')]);
  t.match(log.append(add), { kind: 'stored', record: [3, 'Bear'] });
  t.match(log.append(keyed('m', ['remove', 3, null])), { kind: 'removed' });
  t.match(log.append(add), { kind: 'stored', record: [3, 'Bear'], replayed: true });
  t.match(log.append(keyed('m', ['remove', 3, null])), { kind: 'removed', replayed: true });
  t.equal(log.machine.productCount, 2);
});

t.test('a refusal is stored as an outcome', async (t) => {
  const log = ruledLog();
  const late = keyed('k', ['update', 1, { add: 1, ifVersion: 7 }]);
  t.match(log.append(late), { code: 'conflict', current: [1, 'Tux'] });
  const replayed = { code: 'conflict', current: [1, 'Tux'], replayed: true };
  t.match(log.append(late), replayed);
});

t.test('a key identifies one request, a purchase or a change', async (t) => {
  const log = ruledLog();
  log.append(keyed('change', ['update', 1, { add: 1 }]));
  log.sell(byClient('purchase', [[1, 1]]));
  const other = { kind: 'refused', code: 'key_reused' };
  t.match(log.append(keyed('change', ['update', 1, { add: 2 }])), other);
  t.match(log.append(keyed('purchase', ['update', 1, { add: 1 }])), other);
  t.same(log.sell(byClient('change', [[1, 1]])), [['key_reused']]);
  t.equal(log.machine.byId(1)?.[4], 100);
});

t.test('a key is kept for 24 hours of log time, and a change too old is refused', async (t) => {
  const log = ruledLog();
  const add = keyed('k', ['update', 1, { add: 1 }]);
  log.append(add);
  log.pass(23 * hour);
  t.match(log.append(add), { replayed: true });
  log.pass(hour);
  t.match(log.append(add), { kind: 'refused', code: 'unavailable' });
  t.equal(log.machine.byId(1)?.[4], 101);
  const { time } = log;
  t.match(log.append(keyed('k', ['update', 1, { add: 1 }], { seenTime: time })), {
    kind: 'stored',
  });
});

t.test('the table of changes is limited in keys and bytes', async (t) => {
  const change = { kind: 'refused', code: 'not_found', message: 'no' } as const;
  const few = new WriteKeys({ writeKeysMax: 2, writeKeyBytesMax: 10_000, clientKeyMs: 1_000 });
  few.add(digest('a'), new Uint8Array(8), change, 0);
  t.notOk(few.isFull);
  few.add(digest('b'), new Uint8Array(8), change, 500);
  t.ok(few.isFull);
  few.expire(1_000, 10);
  t.same([few.has(digest('a')), few.has(digest('b')), few.isFull], [false, true, false]);
  few.invariants();
  const small = new WriteKeys({ writeKeysMax: 9, writeKeyBytesMax: 60, clientKeyMs: 1_000 });
  small.add(digest('a'), new Uint8Array(8), change, 0);
  t.ok(small.isFull);
});

t.test('a snapshot contains the keys of changes', async (t) => {
  const log = ruledLog();
  const changes = Array.from({ length: 600 }, (_, i) => keyed(`k${i}`, ['update', 1, { add: 1 }]));
  for (const change of changes) log.append(change);
  const other = new CatalogMachine();
  other.restore(log.machine.snapshot());
  t.equal(other.hash(), log.machine.hash());
  other.invariants();
  const before = log.machine.hash();
  log.append(keyed('more', ['update', 9, { add: 1 }]));
  t.not(log.machine.hash(), before);
});

t.test('the write set of a keyed change is that of the change', async (t) => {
  const { machine } = ruledLog();
  const change: ChangeCommand = ['remove', 1, null];
  t.same(machine.writeSet(keyed('k', change)), machine.writeSet(change));
});

t.test('for 24 hours a quoted key is found under its older digest', async (t) => {
  const log = toyLog();
  const quoted = byClient('"k"', [[1, 2]]);
  const [, kind, hash, lines] = quoted;
  const again = () => [digest('k'), kind, hash, lines, log.time, digest('"k"')] as const;
  log.sell(quoted);
  log.append(['rules', 1, { restockTo: 0, bundled: [] }]);
  t.same(log.sell(again()), [['sold', 1, 3980, true]]);
  t.same(log.sell(byClient('k', [[1, 3]], { seenTime: log.time })), [['sold', 2, 5970, false]]);
  t.same(log.sell(again()), [['key_reused']], 'its present digest counts first');
  const late = toyLog();
  late.append(['rules', 1, { restockTo: 0, bundled: [] }]);
  late.pass(23 * hour);
  late.sell(byClient('"k"', [[1, 2]], { seenTime: late.time }));
  late.pass(hour);
  t.same(late.sell([digest('k'), kind, hash, lines, late.time, digest('"k"')]), [
    ['sold', 2, 3980, false],
  ]);
});

t.test(
  'the records of changes are listed oldest first, and dropped ones are counted',
  async (t) => {
    const keys = new WriteKeys();
    const hash = digest('request').slice(0, 8);
    const refused = { kind: 'refused', code: 'not_found', message: 'product not found' } as const;
    for (const [time, name] of ['a', 'b', 'c', 'd'].entries()) {
      keys.add(digest(name), hash, refused, time);
    }
    keys.expire(24 * hour, 10);
    t.equal(keys.dropped, 1);
    const names = [...keys.records(1)].map(({ key, time }) => [time, key]);
    t.same(names, [
      [2, digest('c')],
      [3, digest('d')],
    ]);
  },
);
