/** The comparison's arithmetic: medians, ratios, requirements and the order of the rounds. */
import t from 'tap';
import type { Run, SubjectName } from '../../../bench/peers/peer.js';
import {
  type Cell,
  judge,
  mediansOf,
  type Requirement,
  ratiosOf,
  rotated,
} from '../../../bench/peers/ratios.js';

function run(ratePerSecond: number, p50Ms = 1, switches = 0): Run {
  const usage = { cpuUs: 0, switches, processes: [] };
  return { ratePerSecond, answers: 1, p50Ms, p99Ms: 2, usage, clientCpuUs: 1, refusals: {} };
}

function cell(subject: SubjectName, connections: number, runs: readonly Run[]): Cell {
  return { shape: { items: 1, connections }, subject, median: mediansOf(runs, 0), runs };
}

t.test('each round begins with another subject and has all of them', async (t) => {
  const list = ['a', 'b', 'c'];
  t.same(
    [0, 1, 2, 3].map((round) => rotated(list, round).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
  t.same(rotated([], 5), []);
});

t.test('a ratio divides medians, not the runs of one round', async (t) => {
  const cells = [
    cell('redis', 50, [run(100), run(400), run(200)]),
    cell('store', 50, [run(50), run(100), run(300)]),
  ];
  const [ratio, ...others] = ratiosOf(cells);
  t.same(others, []);
  t.match(ratio, { of: 'store', to: 'redis', rate: 0.5, p50: undefined });
  t.same(ratio?.rates, [0.5, 0.25, 1.5]);
});

t.test('latencies are compared with one connection only', async (t) => {
  const cells = [cell('postgres', 1, [run(9, 2)]), cell('store', 1, [run(3, 5)])];
  t.match(ratiosOf(cells), [{ of: 'store', to: 'postgres', p50: 2.5 }]);
});

t.test('HTTP is compared with the raw port, not with the peers', async (t) => {
  const cells = [
    cell('redis', 50, [run(10)]),
    cell('store', 50, [run(10)]),
    cell('store-http', 50, [run(7)]),
  ];
  t.match(ratiosOf(cells), [
    { of: 'store', to: 'redis', rate: 1 },
    { of: 'store-http', to: 'store', rate: 0.7 },
  ]);
});

const shape = { items: 1, connections: 1 };
const wanted: readonly Requirement[] = [
  {
    what: 'rate',
    shape,
    measure: 'ratePerSecond',
    of: 'store',
    to: 'redis',
    limit: { atLeast: 0.8 },
  },
  { what: 'p50', shape, measure: 'p50Ms', of: 'store', to: 'redis', limit: { atMost: 3 } },
  { what: 'switches', shape, measure: 'switches', of: 'store', limit: { atMost: 22 } },
];

t.test('a requirement is met up to its limit, and missed beyond', async (t) => {
  const redis = cell('redis', 1, [run(100, 1)]);
  const met = judge([redis, cell('store', 1, [run(80, 3, 22)])], wanted);
  t.same(
    met.map(({ value, isMet }) => [value, isMet]),
    [
      [0.8, true],
      [3, true],
      [22, true],
    ],
  );
  const missed = judge([redis, cell('store', 1, [run(79, 3.1, 23)])], wanted);
  t.same(
    missed.map(({ isMet }) => isMet),
    [false, false, false],
  );
});

t.test('without a subject a requirement is not judged', async (t) => {
  const verdicts = judge([cell('store', 1, [run(80, 3, 30)])], wanted);
  t.same(
    verdicts.map(({ isMet }) => isMet),
    [undefined, undefined, false],
  );
});

t.test('switches without load are taken off for the time of a purchase', async (t) => {
  t.equal(mediansOf([run(100, 1, 20)], 600).switchesOverIdle, 14);
});
