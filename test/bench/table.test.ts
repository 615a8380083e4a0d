/** The tables: Markdown with every column as wide as its widest cell. */
import t from 'tap';
import { markdownTable, reportText } from '../../bench/load/table.js';

t.test('a table is aligned Markdown, numbers to the right', async (t) => {
  t.same(
    markdownTable(
      ['', '/s'],
      [
        ['look-up', '1,234,567'],
        ['buy', '9'],
      ],
    ).split('\n'),
    [
      '|         |        /s |',
      '| ------- | --------: |',
      '| look-up | 1,234,567 |',
      '| buy     |         9 |',
    ],
  );
});

t.test('problems are listed below the metrics', async (t) => {
  const facts = [{ what: 'from start to ready', value: 812.34, unit: 'ms' as const }];
  const text = reportText('start', { rows: [], facts, problems: ['one order is missing'] });
  t.match(text, /from start to ready \| 812\.3 \| {3}ms \|\n\nPROBLEM: one order is missing$/);
});
