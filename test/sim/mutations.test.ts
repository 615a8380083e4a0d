/**
 * The checkers are checked: with one rule broken, some seed must notice. Here those that few seeds
 * notice; the whole list, with all the seeds it takes: npm run sim -- --mutations. What takes too
 * many has its own short history in the tests of its room.
 */
import t from 'tap';
import { allMutations, catchMutation } from './mutations.js';

/** Seeds for each broken rule; most need fewer than ten. */
const seedsMax = 40;

/** Noticed too, but by seeds too rare to wait for here. */
const rare: ReadonlySet<string> = new Set([
  'preVote',
  'commitOwnEpoch',
  'epochJumpBounded',
  'readRounds',
  'joins-an-older-question',
  'stamps-seen-too-late',
  'cache-survives-sessions',
  'reads-without-position',
  'orders-without-position',
  'the-deposed-may-sell',
  'restocks-whatever-k',
  'log-dropped-first',
]);

const mutations = allMutations();

t.test('there are many rules, and few are broken unnoticed for long', async (t) => {
  const names = new Set(mutations.map(({ name }) => name));
  for (const name of rare) t.ok(names.has(name), `${name} is one of them`);
  t.ok(mutations.length - rare.size >= 20);
});

for (const mutation of mutations) {
  if (rare.has(mutation.name)) continue;
  t.test(`within ${seedsMax} seeds it is noticed when broken: ${mutation.name}`, async (t) => {
    const { seeds } = await catchMutation(mutation, seedsMax);
    t.ok(seeds !== undefined);
  });
}
