// Nothing that a state machine cannot apply passes the check of a service.
import t from 'tap';
import { holdLimits, requestLimits } from '../../src/base/limits.js';
import type { TradeOperation } from '../../src/wire/trade.js';
import { checkTrades, isTradeOperation, linesOf } from '../../src/wire/trade-check.js';

const id = new Uint8Array(16).fill(7);
const key = [id, 1, new Uint8Array(8), 5] as const;
const lines = [
  [1, 2],
  ['Tux', 1],
] as const;
const terms = [id, 1_990] as const;

const sound: readonly TradeOperation[] = [
  ['buy', key, lines, terms],
  ['buy', [id, 0, new Uint8Array(0), 0.5], lines, [null, null]],
  ['hold', key, id, lines, 1, terms, null],
  ['hold', key, id, lines, holdLimits.ttlSecondsMax, [null, 0], 'é'.repeat(100)],
  ['confirm', key, id, null],
  ['confirm', key, id, lines],
  ['release', key, id],
  ['extend', key, id, 60],
];

t.test('sound operations pass, and say how many lines they have', async (t) => {
  t.same(checkTrades(sound), sound);
  t.same(sound.map(linesOf), [2, 2, 2, 2, 1, 2, 1, 1]);
});

t.test('every malformed field is refused', async (t) => {
  const [short, long] = [new Uint8Array(15), new Uint8Array(17)];
  const ids = [short, long, null, undefined, 'x'.repeat(16), Array.from(id), 7];
  const keys = [
    ...[null, undefined, [], [id, 1, new Uint8Array(8)], [...key, 6]],
    ...ids.map((bad) => [bad, 1, new Uint8Array(8), 5]),
    ...[2, -1, '1', null].map((kind) => [id, kind, new Uint8Array(8), 5]),
    ...[new Uint8Array(7), new Uint8Array(0), null, 'hash'].map((hash) => [id, 1, hash, 5]),
    [id, 0, new Uint8Array(8), 5],
    ...[Number.NaN, Number.POSITIVE_INFINITY, null, '5', 5n].map((seen) => {
      return [id, 1, new Uint8Array(8), seen];
    }),
  ];
  const { purchaseQuantityMax, orderLinesMax, idMax } = requestLimits;
  const badLines = [
    ...[null, undefined, [], {}, 'Tux', [[1]], [[1, 2, 3]], [[null, 1]], [[1.5, 1]], [[0, 1]]],
    ...[0, -1, 1.5, purchaseQuantityMax + 1, '1', null].map((quantity) => [[1, quantity]]),
    [[idMax + 1, 1]],
    Array.from({ length: orderLinesMax + 1 }, () => [1, 1]),
  ];
  const badTerms = [
    ...[null, undefined, [], [id], [id, 5, 6], ['ada', 5], [short, 5]],
    ...[-1, 1.5, '5', 2 ** 53, Number.NaN].map((cents) => [null, cents]),
  ];
  const ttls = [0, -1, 1.5, holdLimits.ttlSecondsMax + 1, '60', null, undefined, Number.NaN];
  const references = [
    7,
    undefined,
    {},
    'x'.repeat(holdLimits.referenceBytesMax + 1),
    'é'.repeat(101),
  ];
  const bad: unknown[] = [
    ...[null, undefined, 'buy', {}, [], ['buy'], [7, key], ['sell', key, lines, terms]],
    ...['toString', 'constructor', '__proto__'].map((name) => [name, key, lines, terms]),
    ...keys.flatMap((one) => sound.map(([name, , ...fields]) => [name, one, ...fields])),
    ...badLines.flatMap((one) => [
      ['buy', key, one, terms],
      ['hold', key, id, one, 60, terms, null],
    ]),
    ...badLines.filter((one) => one !== null).map((one) => ['confirm', key, id, one]),
    ...badTerms.flatMap((one) => [
      ['buy', key, lines, one],
      ['hold', key, id, lines, 60, one, null],
    ]),
    ...ttls.flatMap((one) => [
      ['hold', key, id, lines, one, terms, null],
      ['extend', key, id, one],
    ]),
    ...references.map((one) => ['hold', key, id, lines, 60, terms, one]),
    ...ids.flatMap((one) => [
      ['hold', key, one, lines, 60, terms, null],
      ['confirm', key, one, null],
      ['release', key, one],
      ['extend', key, one, 60],
    ]),
  ];
  for (const one of bad) t.notOk(isTradeOperation(one), String(JSON.stringify(one, inJson)));
});

function inJson(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

t.test('one malformed operation refuses the list', async (t) => {
  for (const list of [null, {}, 'x', [...sound, ['release', key]]]) {
    t.throws(() => checkTrades(list), { code: 'invalid_argument' });
  }
  t.same(checkTrades([]), []);
});
