/**
 * The checkers are checked: with one rule broken, some seed must notice. Here those that few seeds
 * notice, as far as the time goes; the whole list, with all the seeds it takes: npm run sim --
 * --mutations. Each switch of the core has a short history of its own in test/consensus besides.
 */
import t from 'tap';
import { systemClock } from '../../src/base/clock.js';
import { allMutations, catchMutation } from './mutations.js';

/** Twice what the slowest of them takes: which seeds notice changes with the code. */
const seedsMax = 200;
/** Half a minute where nobody else works; a machine that is full gets no more than this. */
const budgetMs = 150_000;

/** Noticed by few seeds, or by none where another rule covers it: docs/SIMULATION.md tells of each. */
const rare: ReadonlySet<string> = new Set([
  'commitOwnEpoch',
  'joins-an-older-question',
  'floors-are-ignored',
  'lenders-are-ignored',
]);

const mutations = allMutations();
const beganMs = systemClock.nowMs();

t.test('there are many rules, and the rare ones are among them', async (t) => {
  const names = new Set(mutations.map(({ name }) => name));
  for (const name of rare) t.ok(names.has(name), `${name} is one of them`);
  t.ok(mutations.length - rare.size >= 20);
});

for (const mutation of mutations) {
  if (rare.has(mutation.name)) continue;
  t.test(`it is noticed when broken: ${mutation.name}`, async (t) => {
    if (systemClock.nowMs() - beganMs > budgetMs) {
      t.plan(0, 'no time is left');
      return;
    }
    const { seeds } = await catchMutation(mutation, seedsMax);
    t.ok(seeds !== undefined, `after ${seeds} seeds`);
  });
}
