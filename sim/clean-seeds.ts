/** Seeds for the tests: no run may break an invariant, and each replays event by event. */
import type { Test } from 'tap';
import { systemClock } from '../src/base/clock.js';
import type { Aim } from './aims.js';
import { simulate } from './simulation.js';
import { Summary } from './summary.js';

const seedsMin = 20;
const failuresMax = 2;

/** Runs from the first seed on, as many as fit in the time. */
export async function cleanSeeds(t: Test, budgetMs: number): Promise<void> {
  const beganMs = systemClock.nowMs();
  const summary = new Summary();
  for (let seed = 1; ; seed++) {
    const tookMs = systemClock.nowMs() - beganMs;
    if (seed > seedsMin && tookMs > budgetMs) break;
    const result = await simulate({ seed });
    summary.add(result);
    if (result.problems.length > 0) t.fail(`seed ${seed}: ${result.problems.join('\n')}`);
    if (summary.failures.length > failuresMax) break;
  }
  for (const line of summary.lines(systemClock.nowMs() - beganMs)) t.comment(line);
  t.same(summary.failures, []);
  t.ok(summary.runs >= seedsMin, `${summary.runs} seeds`);
}

/** Aims whose runs take longest: simulation.long.test.ts runs all their seeds. */
export const longAims: ReadonlySet<Aim> = new Set([
  ...(['late', 'cut-off', 'old-promises', 'doubtful-tails'] as const),
  ...(['amnesia', 'crowd', 'five-voters'] as const),
]);

/** Seeds of each aim: npm run sim -- --aim NAME runs more. */
export async function cleanAims(
  t: Test,
  some: readonly Aim[],
  first: number,
  last: number,
): Promise<void> {
  for (const aim of some) {
    for (let seed = first; seed <= last; seed++) {
      const { problems, faults } = await simulate({ seed, aim });
      t.same(problems, [], `${aim}, seed ${seed}, ${faults.length} faults`);
    }
  }
}

/** Runs it twice. */
export async function replays(t: Test, seed: number, aim?: Aim): Promise<void> {
  const [one, two] = [await simulate({ seed, aim }), await simulate({ seed, aim })];
  t.equal(one.hash, two.hash, `seed ${seed}, ${aim ?? 'no aim'}`);
  t.equal(one.events, two.events);
  t.same(one.problems, []);
}
