/**
 * Tests of the checkers: with one rule broken, some seed must notice. This file has the rules that few
 * seeds notice, as far as the time allows; mutations.long.test.ts has those that take more, and npm run
 * sim -- --mutations the whole list. Each switch of the core also has a short scenario in
 * test/consensus.
 */
import t from 'tap';
import { areNoticed, mutationsOf, rowsSetAside } from './noticed.js';

/** Most rules take less than half a second; on a busy machine the last ones are left to the long run. */
const budgetMs = 25_000;
const rowsMin = 40;

t.test('there are many rules, and few of them take long', async (t) => {
  const [slow, rare] = [mutationsOf('slow'), mutationsOf('rare')];
  t.equal(slow.length + rare.length, rowsSetAside, 'each of those is a rule');
  t.ok(mutationsOf('quick').length >= rowsMin);
});

areNoticed(t, mutationsOf('quick'), budgetMs);
