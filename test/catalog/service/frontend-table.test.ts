/** Which frontends a catalog replica knows, by a clock that the test turns. */
import t from 'tap';
import { frontendLimits } from '../../../src/base/limits.js';
import { FrontendTable } from '../../../src/catalog/service/frontend-table.js';
import { reportOf } from '../../wire/report-builder.js';

const { silentMs, closedMs, deadMs, leftMs, rowsMax, reportEveryMs } = frontendLimits;
const [up, silent, left] = [0, 1, 2];

function build() {
  const table = new FrontendTable();
  t.teardown(() => table.invariants());
  return {
    table,
    /** The state of each row, by process. */
    states: (nowMs: number) =>
      Object.fromEntries(table.rows(nowMs).map(([state, [, process]]) => [process, state])),
    /** One frontend reports on and on, so that the table sees that time passes evenly. */
    keepUp(n: number, fromMs: number, untilMs: number) {
      for (let ms = fromMs; ms <= untilMs; ms += reportEveryMs) {
        table.report(peers[n] ?? {}, reportOf(n), ms);
      }
    },
  };
}

const peers = [{}, {}, {}, {}];

t.test(
  'a frontend without reports is silent after a second, and up when it reports again',
  async (t) => {
    const { table, states, keepUp } = build();
    table.report({}, reportOf(2), 0);
    keepUp(1, 0, silentMs);
    t.same(states(silentMs - 1), { 'process-1': up, 'process-2': up });
    t.same(states(silentMs), { 'process-1': up, 'process-2': silent });
    table.report({}, reportOf(2), silentMs);
    t.same(states(silentMs), { 'process-1': up, 'process-2': up });
  },
);

t.test(
  'a frontend whose connection closed is silent earlier, unless it reports on another',
  async (t) => {
    const { table, states } = build();
    const [gone, moved] = [{}, {}];
    table.report(gone, reportOf(1), 0);
    table.report(moved, reportOf(2), 0);
    for (const peer of [gone, moved]) table.closed(peer, 10);
    table.report({}, reportOf(2), 20);
    t.same(states(10 + closedMs - 1), { 'process-1': up, 'process-2': up });
    t.same(states(10 + closedMs), { 'process-1': silent, 'process-2': up });
  },
);

t.test('a frontend that stops is not silent, and its row is dropped soon', async (t) => {
  const { table, states } = build();
  table.report({}, reportOf(1), 0);
  table.leave('process-1', 10);
  t.same(states(10), { 'process-1': left });
  table.report({}, reportOf(1), 20);
  t.same(states(20 + silentMs), { 'process-1': left }, 'a late report does not bring it back');
  t.same(states(10 + leftMs + 1), {});
});

t.test('the row of a silent frontend is dropped in the end', async (t) => {
  const { table, states } = build();
  table.report({}, reportOf(1), 0);
  t.same(states(deadMs), { 'process-1': silent });
  t.same(states(deadMs + 1), {});
});

t.test('a new process replaces the row of the former one', async (t) => {
  const { table, states, keepUp } = build();
  table.report({}, reportOf(2), 0);
  keepUp(1, 0, silentMs);
  table.report({}, reportOf(2, { process: 'another' }), silentMs);
  t.same(states(silentMs), { 'process-1': up, another: up });
});

t.test(
  'the row of a former process goes even if it still counted as up at the change',
  async (t) => {
    const { table, states, keepUp } = build();
    const [former, next] = [{}, {}];
    table.report(former, reportOf(2), 0);
    table.closed(former, 0);
    table.report(next, reportOf(2, { process: 'another' }), closedMs - 1);
    t.same(states(closedMs - 1), { 'process-2': up, another: up });
    t.same(states(closedMs), { another: up });
    keepUp(1, closedMs, closedMs + silentMs);
    t.same(states(closedMs + silentMs), { 'process-1': up, another: silent }, 'once');
  },
);

t.test('a pause of the replica makes no frontend silent', async (t) => {
  const { table, states } = build();
  table.report({}, reportOf(1), 0);
  table.report({}, reportOf(2), 0);
  table.report({}, reportOf(1), 5_000);
  t.same(states(5_000), { 'process-1': up, 'process-2': up });
  t.same(states(5_000 + silentMs), { 'process-1': silent, 'process-2': silent });
});

t.test('the table is bounded, and only rows of gone frontends make room', async (t) => {
  const { table, states } = build();
  for (let n = 1; n <= rowsMax; n++) table.report({}, reportOf(n), 0);
  table.report({}, reportOf(1_000), 1);
  t.notOk('process-1000' in states(1), 'all are there');
  const gone = {};
  table.report(gone, reportOf(1), 2);
  table.closed(gone, 2);
  for (let n = 2; n <= rowsMax; n++) table.report({}, reportOf(n), 400);
  table.report({}, reportOf(1_000), 2 + closedMs);
  const now = states(2 + closedMs);
  t.ok('process-1000' in now);
  t.notOk('process-1' in now);
  t.equal(Object.keys(now).length, rowsMax);
});
