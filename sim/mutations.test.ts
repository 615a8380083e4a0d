/**
 * The checkers are checked: with one rule broken, some seed must notice. Here those that few seeds
 * notice, as far as the time goes; mutations.long.test.ts has those that take more, and npm run sim
 * -- --mutations the whole list. Each switch of the core has a short history of its own in
 * test/consensus besides.
 */
import t from 'tap';
import { areNoticed, mutationsOf, rowsSetAside } from './noticed.js';

/** Half a minute where nobody else works; a machine that is full gets no more than this. */
const budgetMs = 45_000;
const rowsMin = 40;

t.test('there are many rules, and few of them take long', async (t) => {
  const [slow, rare] = [mutationsOf('slow'), mutationsOf('rare')];
  t.equal(slow.length + rare.length, rowsSetAside, 'each of those is a rule');
  t.ok(mutationsOf('quick').length >= rowsMin);
});

areNoticed(t, mutationsOf('quick'), budgetMs);
