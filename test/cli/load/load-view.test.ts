import t from 'tap';
import { printCheck } from '../../../src/cli/load/load-view.js';
import { fakeIo } from '../fake-io.js';

const counts = { operations: 9, products: 2, orders: 3 };
const first = 'history: 9 operations on 2 products, 3 orders: ';

t.test('a check says whether the history is true, false or undecided', async (t) => {
  const shown = (problems: readonly string[], undecided: readonly number[]): string => {
    const io = fakeIo();
    printCheck({ ...counts, problems, undecided }, io);
    return io.stdout();
  };
  t.equal(shown([], []), `${first}they can all be true\n`);
  t.equal(shown(['one', 'two'], []), `${first}2 violations\n  one\n  two\n`);
  t.equal(shown(['two'], [2]), `${first}1 undecided product\n  two\n`);
  t.equal(shown(['one', 'two'], [2]), `${first}1 violation, 1 undecided product\n  one\n  two\n`);
});
