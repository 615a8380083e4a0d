/**
 * The simulator as a test: the same seed gives the same run, kept failures stay fixed, and no seed
 * breaks an invariant, as many as fit in a short time. More: simulation.long.test.ts, and npm run sim --
 * --seeds 5000.
 */
import t from 'tap';
import { aims } from './aims.js';
import { cleanAims, cleanSeeds, longAims, replays } from './clean-seeds.js';
import { readFixtures } from './fixture.js';
import { simulate } from './simulation.js';

/** The time of all seeds; a run with both journals takes less than a tenth of a second. */
const budgetMs = 5_000;
const replayed = 3;

t.test('the same seed gives the same run, event by event', async (t) => {
  for (let seed = 1; seed <= replayed; seed++) await replays(t, seed);
  const [one, two] = [await simulate({ seed: 1 }), await simulate({ seed: 2 })];
  t.not(one.hash, two.hash, 'another seed, another run');
});

t.test('a failure that was fixed does not return', async (t) => {
  for (const { name, fixture } of readFixtures()) {
    const { seed, profile, faults } = fixture;
    const { problems } = await simulate({ seed, profile, faults });
    t.same(problems, [], name);
  }
});

t.test('a seed of each short aim breaks no invariant', async (t) => {
  const short = aims.filter((aim) => !longAims.has(aim));
  await cleanAims(t, short, 1, 1);
});

t.test('no seed breaks an invariant, and all come to rest', (t) => cleanSeeds(t, budgetMs));
