import t from 'tap';
import { logLimits, requestLimits } from '../../../src/base/limits.js';
import { entriesOf } from '../../../src/catalog/service/trade-entries.js';
import type { OperationKey, TradeOperation } from '../../../src/wire/trade.js';
import { digest } from '../log-builder.js';
import { openCatalog, openStore } from '../one-catalog.js';

const key: OperationKey = [digest('key'), 0, new Uint8Array(0), 0];
const id = digest('hold');

function buy(lines: number): TradeOperation {
  return ['buy', key, Array.from({ length: lines }, () => [1, 1] as const), [null, null]];
}

const holds = (lines?: number) => ({ linesOf: () => lines });

t.test('operations stay in order, in as few entries as their lines need', async (t) => {
  const { entryLinesMax } = logLimits;
  const { orderLinesMax } = requestLimits;
  const each = Math.floor(entryLinesMax / orderLinesMax);
  const operations = Array.from({ length: each + 2 }, () => buy(orderLinesMax));
  const entries = entriesOf(operations, holds());
  t.same(
    entries.map(({ length }) => length),
    [each, 2],
  );
  t.same(entries.flat(), operations);
  t.same(entriesOf([], holds()), []);
  t.equal(entriesOf([buy(1), buy(2)], holds()).length, 1);
});

t.test('a confirmation counts for the lines of its hold, known or not', async (t) => {
  const { entryLinesMax } = logLimits;
  const { orderLinesMax } = requestLimits;
  const confirm: TradeOperation = ['confirm', key, id, [[1, 1]]];
  const many = Array.from({ length: logLimits.entryOperationsMax }, () => confirm);
  const inEach = (lines?: number) =>
    Math.max(...entriesOf(many, holds(lines)).map(({ length }) => length));
  t.equal(inEach(undefined), Math.min(many.length, Math.floor(entryLinesMax / orderLinesMax)));
  t.equal(inEach(orderLinesMax), inEach(undefined));
  t.equal(inEach(1), Math.min(many.length, entryLinesMax));
});

t.test('the store refuses trades before the first stock and before the rules', async (t) => {
  const hold: TradeOperation = ['hold', key, id, [[1, 1]], 60, [null, null], null];
  const early = await openCatalog();
  await early.store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  await t.rejects(early.store.proposeTrades(1, [hold]), { code: 'unavailable' });
  const { store, machine } = await openStore();
  await t.rejects(store.proposeTrades(1, [hold]), { code: 'unavailable' });
  await store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  t.match(await store.proposeTrades(1, [hold, ['release', key, id]]), [['held'], ['held']]);
  t.equal(machine.holds.open, 1, 'the second has the key of the first');
  const many = Array.from({ length: logLimits.entryOperationsMax + 1 }, () => hold);
  await t.rejects(store.proposeTrades(1, many), { code: 'too_large' });
});
