/** What is written is what is read, and what is not a history is refused by its line. */
import t from 'tap';
import { historyLines, readHistory } from '../../src/checker/history-file.js';
import { add, create, history, record, remove } from './told.js';
import { trueHistory } from './true-history.js';

t.test('a history is read from its file unchanged', async (t) => {
  const shape = { seed: 3, items: 3, processes: 4, operations: 90, stock: 9 };
  const told = trueHistory({ ...shape, restockTo: 20, lost: 0.1, trades: 0.3 });
  t.strictSame(readHistory([...historyLines(told)].join('')), told);
  const rare = history([create([0, 1], 3, 4), add([0, 1], 1, 2), remove([2, 3], record(3, 1, 4))], {
    bookFrom: 7,
  });
  t.strictSame(readHistory([...historyLines(rare)].join('')), rare);
});

t.test('an invalid line is named', async (t) => {
  const lines = [...historyLines(history([add([0, 1], 1, 2)]))];
  t.throws(() => readHistory(''), { message: /^line 1 is no head/ });
  t.throws(() => readHistory('{"first":[]}\n'), { message: /^line 1 is no head/ });
  t.throws(() => readHistory(`${lines.join('')}{"kind":"look-up"}\n`), { message: /^line 3/ });
  t.throws(() => readHistory(`${lines.join('')}{"kind":"constructor"}\n`), { message: /^line 3/ });
  t.throws(() => readHistory(`${lines.join('')}{`), { message: /^line 3 is no operation/ });
});
