/**
 * The simulator as a test: the same seed gives the same run, kept failures stay repaired, and no
 * seed breaks an invariant, as many as fit in the time. More: npm run sim -- --seeds 5000.
 */
import t from 'tap';
import { systemClock } from '../../src/base/clock.js';
import { aims } from './aims.js';
import { readFixtures } from './fixture.js';
import { simulate } from './simulation.js';
import { Summary } from './summary.js';

/** What the seeds may take altogether; a run over both journals takes under a tenth of a second. */
const budgetMs = Number(process.argv[2] ?? 25_000);
const seedsMin = 20;
/** Of each aim: npm run sim -- --aim NAME runs more. */
const aimedMin = 3;

t.test('the same seed gives the same run, event by event', async (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    const [one, two] = [await simulate({ seed }), await simulate({ seed })];
    t.equal(one.hash, two.hash, `seed ${seed}`);
    t.equal(one.events, two.events);
  }
  const [one, two] = [await simulate({ seed: 1 }), await simulate({ seed: 2 })];
  t.not(one.hash, two.hash, 'another seed, another run');
});

t.test('what once failed fails no more', async (t) => {
  for (const { name, fixture } of readFixtures()) {
    const { seed, profile, faults } = fixture;
    const { problems } = await simulate({ seed, profile, faults });
    t.same(problems, [], name);
  }
});

t.test('the same seed gives the same run with an aim, too', async (t) => {
  for (const aim of aims) {
    const [one, two] = [await simulate({ seed: 1, aim }), await simulate({ seed: 1, aim })];
    t.equal(one.hash, two.hash, aim);
  }
});

t.test('no seed that aims at a broken rule breaks an invariant where none is broken', async (t) => {
  for (const aim of aims) {
    for (let seed = 1; seed <= aimedMin; seed++) {
      const { problems, faults } = await simulate({ seed, aim });
      t.same(problems, [], `${aim}, seed ${seed}, ${faults.length} faults`);
    }
  }
});

t.test('no seed breaks an invariant, and all come to rest', async (t) => {
  const beganMs = systemClock.nowMs();
  const summary = new Summary();
  for (let seed = 1; ; seed++) {
    const tookMs = systemClock.nowMs() - beganMs;
    if (seed > seedsMin && tookMs > budgetMs) break;
    const result = await simulate({ seed });
    summary.add(result);
    if (result.problems.length > 0) t.fail(`seed ${seed}: ${result.problems.join('\n')}`);
    if (summary.failures.length > 2) break;
  }
  for (const line of summary.lines(systemClock.nowMs() - beganMs)) t.comment(line);
  t.same(summary.failures, []);
  t.ok(summary.runs >= seedsMin, `${summary.runs} seeds`);
});
