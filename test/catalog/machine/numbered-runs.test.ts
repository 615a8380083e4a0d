import t from 'tap';
import { decode } from '../../../src/wire/codec.js';
import type { SalesMessage } from '../../../src/wire/internal.js';
import { byClient, type CatalogLog, toyLog } from '../log-builder.js';
import { headOf } from './snapshot-pieces.js';

function numbers([, , bytes]: SalesMessage): number[] {
  return (decode(bytes) as readonly (readonly [number])[]).map(([number]) => number);
}

function sellMany(log: CatalogLog, name: string, count: number): void {
  log.sell(...Array.from({ length: count }, (_, i) => byClient(`${name}${i}`, [[1, 1]])));
}

t.test(
  'sales are returned in runs of whole entries that contain the requested number',
  async (t) => {
    const log = toyLog();
    for (const name of ['a', 'b', 'c']) sellMany(log, name, 3);
    t.same(numbers(log.sales(1)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    t.same(log.sales(1).slice(0, 2), [1, 9]);
    t.same(numbers(log.sales(5, 3)), [4, 5, 6], 'a whole run, though it begins earlier');
    t.same(numbers(log.sales(5, 6)), [4, 5, 6, 7, 8, 9]);
    t.same(numbers(log.sales(9, 1)), [7, 8, 9], 'never less than one run');
    t.equal(log.machine.sales.from(10, 100), undefined);
  },
);

t.test('a joined run of more than sixteen sales decodes as one list', async (t) => {
  const log = toyLog();
  sellMany(log, 'a', 20);
  sellMany(log, 'b', 1);
  sellMany(log, 'c', 15);
  t.same(
    numbers(log.sales(1)),
    Array.from({ length: 36 }, (_, i) => i + 1),
  );
});

t.test(
  'sales above the watermark stay, others are dropped, the watermark never falls',
  async (t) => {
    const log = toyLog();
    for (const name of ['a', 'b', 'c']) sellMany(log, name, 2);
    t.same(log.append(['cursor', 3]), { kind: 'cursor', watermark: 3 });
    t.throws(() => log.machine.sales.from(2, 10), { code: 'not_found' });
    t.same(numbers(log.sales(4)), [3, 4, 5, 6]);
    t.same(log.append(['cursor', 1]), { kind: 'cursor', watermark: 3 });
    t.same(log.append(['cursor', 99]), { kind: 'cursor', watermark: 6 });
    t.equal(log.machine.sales.from(7, 10), undefined);
    log.machine.invariants();
  },
);

t.test('only the sales above the watermark are kept over many sales and watermarks', async (t) => {
  const log = toyLog();
  log.append(['update', 1, { quantity: 1_000_000 }]);
  for (let round = 1; round <= 1_100; round++) {
    sellMany(log, `r${round}.`, 2);
    log.append(['cursor', 2 * round - 1]);
  }
  t.same(numbers(log.sales(2_200)), [2_199, 2_200]);
  t.equal(headOf(log.machine)['runs'], 1);
});
