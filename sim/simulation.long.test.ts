/**
 * The simulator for a minute and more: seeds of each aim, and as many without an aim as fit in the time,
 * which may be given in milliseconds as this file's argument.
 */
import t from 'tap';
import { aims } from './aims.js';
import { cleanAims, cleanSeeds, longAims, replays } from './clean-seeds.js';

const budgetMs = Number(process.argv[2] ?? 60_000);
/** simulation.test.ts runs the first ones. */
const replayed = { first: 4, last: 12 };
const aimed = { first: 2, last: 4 };

t.test('the same seed gives the same run, event by event', async (t) => {
  for (let seed = replayed.first; seed <= replayed.last; seed++) await replays(t, seed);
});

t.test('a seed with an aim replays too', async (t) => {
  for (const aim of aims) await replays(t, 1, aim);
});

t.test('no seed that aims at a broken rule breaks an invariant where none is broken', async (t) => {
  await cleanAims(t, [...longAims], 1, aimed.first - 1);
  await cleanAims(t, aims, aimed.first, aimed.last);
});

t.test('no seed breaks an invariant, and all come to rest', (t) => cleanSeeds(t, budgetMs));
