/** What frontends tell of themselves is believed only in the shape that it should have. */
import t from 'tap';
import { decode, encode } from '../../src/wire/codec.js';
import { frontendStates, readReport, readRows } from '../../src/wire/frontend-report.js';
import { reportOf } from './report-builder.js';

t.test('a report is read as sent, without fields that a later build appends', async (t) => {
  t.same(readReport(decode(encode(reportOf(1)))), reportOf(1));
  t.same(readReport([...reportOf(1), 'news', 5]), reportOf(1));
});

t.test('an invalid report is refused', async (t) => {
  const whole = reportOf(1);
  for (const value of [null, 5, 'x', {}, [], whole.slice(0, 13)]) {
    t.equal(readReport(value), undefined);
  }
  for (const [at] of whole.entries()) {
    const broken = whole.map((field, i) => (i === at ? { no: 'field' } : field));
    t.equal(readReport(broken), undefined, `field ${at}`);
  }
  t.equal(readReport(whole.with(0, 'x'.repeat(301))), undefined, 'a name has a bound');
  t.equal(readReport(whole.with(7, Array(65).fill(1))), undefined, 'counters have one');
});

t.test('unknown rows are left out', async (t) => {
  const row = [frontendStates.silent, reportOf(2)];
  t.same(readRows([[[9, reportOf(1)], row, [0, null], 'x']]), [row]);
  for (const value of [null, [], [5], {}]) t.same(readRows(value), []);
});
