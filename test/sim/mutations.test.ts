/**
 * The checkers are checked: with one rule broken, some seed must notice. Here within few seeds
 * each; the whole list with all the seeds it takes: npm run sim -- --mutations. What takes too many
 * has its own short history in the tests of its room.
 */
import t from 'tap';
import { allMutations, catchMutation } from './mutations.js';

/** Seeds for each broken rule; most need fewer than ten. */
const seedsMax = 40;
/** Of all; the others need more seeds than there is time for. */
const share = 0.75;

t.test('most broken rules are noticed within a few seeds', async (t) => {
  const mutations = allMutations();
  const missed: string[] = [];
  for (const mutation of mutations) {
    const { seeds } = await catchMutation(mutation, seedsMax);
    if (seeds === undefined) missed.push(mutation.name);
  }
  t.comment(`not within ${seedsMax} seeds: ${missed.join(', ')}`);
  t.ok(mutations.length >= 30, 'there are many of them');
  t.ok(missed.length <= (1 - share) * mutations.length, `${missed.length} are missed`);
});
