/** All frontends as one of them knows them, from what several catalog replicas answer. */
import t from 'tap';
import { frontendLimits } from '../../../src/base/limits.js';
import { FrontendList } from '../../../src/frontend/detector/frontend-list.js';
import type { FrontendRow } from '../../../src/wire/frontend-report.js';
import { reportOf } from '../../wire/report-builder.js';

const { missedMs, answerMs, deadMs, rowsMax } = frontendLimits;

function build() {
  const told: string[] = [];
  const list = new FrontendList({
    name: 'frontend-1',
    process: 'process-1',
    tell: (event, { message }) => told.push(`${event}: ${message}`),
  });
  t.teardown(() => list.invariants());
  return {
    list,
    /** A replica answers; returns the events that this causes. */
    at(nowMs: number, replica: string, ...rows: FrontendRow[]): string[] {
      const before = told.length;
      list.answered(replica, rows, { nowMs, at: `${nowMs}` });
      return told.slice(before);
    },
    others: () => list.others.map(({ report, isUp }) => `${report[0]} ${isUp ? 'up' : 'down'}`),
  };
}

const up = (n: number, process = `process-${n}`): FrontendRow => [0, reportOf(n, { process })];
const silent = (n: number): FrontendRow => [1, reportOf(n)];
const left = (n: number): FrontendRow => [2, reportOf(n)];

t.test(
  'a frontend appears, disappears and returns, and each change is reported once',
  async (t) => {
    const { at, others } = build();
    t.same(at(0, 'catalog-1', up(1), up(2)), ['frontend: frontend-2 is up']);
    t.same(at(250, 'catalog-1', up(1), up(2)), []);
    t.same(others(), ['frontend-2 up'], 'without itself');
    t.same(at(500, 'catalog-1', up(1), silent(2)), ['frontend: frontend-2 is not reachable']);
    t.same(at(750, 'catalog-1', up(1), silent(2)), []);
    t.same(others(), ['frontend-2 down']);
    const back = at(1_000, 'catalog-1', up(1), up(2, 'another'));
    t.same(back, ['frontend: frontend-2 is back']);
    t.same(others(), ['frontend-2 up'], 'once, though it is another process');
  },
);

t.test('a frontend that stops is not reported as lost', async (t) => {
  const { at, others } = build();
  at(0, 'catalog-1', up(2));
  at(0, 'catalog-2', up(2));
  t.same(at(250, 'catalog-1', left(2)), ['frontend: frontend-2 was stopped']);
  t.same(at(250, 'catalog-2', silent(2)), [], 'where the goodbye did not arrive');
  t.same(others(), []);
  t.same(at(9_000, 'catalog-1', up(2, 'another')), ['frontend: frontend-2 is up']);
});

t.test('a frontend is up as long as any replica gets its reports', async (t) => {
  const { at, others } = build();
  at(0, 'catalog-1', up(2));
  at(0, 'catalog-2', up(2));
  t.same(at(250, 'catalog-1', silent(2)), []);
  t.same(others(), ['frontend-2 up']);
  t.same(at(500, 'catalog-2', silent(2)), ['frontend: frontend-2 is not reachable']);
});

t.test('the answers of a silent replica do not count', async (t) => {
  const { at } = build();
  at(0, 'catalog-1', up(2));
  at(0, 'catalog-2', up(2));
  t.same(at(answerMs, 'catalog-2', silent(2)), []);
  t.same(at(answerMs + 1, 'catalog-2', silent(2)), ['frontend: frontend-2 is not reachable']);
});

t.test('a dead frontend stays in the list after a restart of every replica', async (t) => {
  const { at, others } = build();
  at(0, 'catalog-1', up(2));
  at(250, 'catalog-1', silent(2));
  t.same(at(5_000, 'catalog-1', up(1)), []);
  t.same(others(), ['frontend-2 down']);
  at(250 + deadMs + 1, 'catalog-1', up(1));
  t.same(others(), [], 'not for ever');
});

t.test('a frontend that no replica names is reported as lost after a time', async (t) => {
  const { at } = build();
  at(0, 'catalog-1', up(2));
  t.same(at(missedMs / 2, 'catalog-1', up(1)), []);
  t.same(at(missedMs - 1, 'catalog-1', up(1)), []);
  t.same(at(missedMs, 'catalog-1', up(1)), ['frontend: frontend-2 is not reachable']);
});

t.test('a time without any replica makes no frontend look dead', async (t) => {
  const { at, others } = build();
  at(0, 'catalog-1', up(2));
  t.same(at(9_000, 'catalog-1', up(1)), [], 'the others have not come back yet');
  t.same(at(9_250, 'catalog-1', up(1), up(2)), []);
  t.same(others(), ['frontend-2 up']);
});

t.test('the former process of this frontend is not shown', async (t) => {
  const { at, others } = build();
  t.same(at(0, 'catalog-1', [1, reportOf(1, { process: 'former' })]), []);
  t.same(others(), []);
});

t.test('of two answers the newer counters count', async (t) => {
  const { at, list } = build();
  at(0, 'catalog-1', [0, reportOf(2, { answered: 20 })]);
  at(1, 'catalog-2', [0, reportOf(2, { answered: 10 })]);
  t.equal(list.others[0]?.report[8][0], 20);
});

t.test('the list is bounded', async (t) => {
  const { at, list } = build();
  const rows = (from: number) => Array.from({ length: rowsMax }, (_none, i) => up(from + i));
  at(0, 'catalog-1', ...rows(2));
  at(1, 'catalog-2', ...rows(1_000));
  t.equal(list.others.length, rowsMax);
});
