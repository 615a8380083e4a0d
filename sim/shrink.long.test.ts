/** A shrunk failing run still fails in the same way and is shorter. */
import t from 'tap';
import { allMutations, catchMutation } from './mutations.js';
import { kindOf, shrink } from './shrink.js';
import { simulate } from './simulation.js';

t.test('a failure is cut down to few faults and replays', async (t) => {
  const mutation = allMutations().find(({ name }) => name === 'closed-means-dropped');
  t.ok(mutation, 'there is this rule');
  if (!mutation) return;
  const { seeds = 0, problem } = await catchMutation(mutation, 60);
  const options = { seed: seeds, ...mutation.options };
  const failure = await simulate(options);
  t.same(failure.problems[0], problem);
  const shrunk = await shrink(failure, options);
  t.ok(shrunk.faults.length <= failure.faults.length);
  const { faults, profile } = shrunk;
  const again = await simulate({ ...options, faults, profile });
  t.ok(again.problems.some((one) => kindOf(one) === kindOf(problem)));
});
