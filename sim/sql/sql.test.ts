/** The small simulation of the SQL engine: some seeds are clean, and each seeded bug is noticed. */
import t from 'tap';
import { noticeMutation, sqlMutations } from './sql-mutations.js';
import { runSql } from './sql-run.js';

/** Some have tiny limits, some the real ones. */
const seeds = 5;
/** Which seeds notice changes with the code. */
const seedsMax = 200;

t.test('with all rules the seeds are clean, and repeat exactly', async (t) => {
  for (let seed = 1; seed <= seeds; seed++) {
    const run = await runSql(seed);
    t.equal(run.broken, undefined, `seed ${seed}`);
    t.ok(run.acknowledged > 0 && run.hits > 0 && run.epochs > 2, 'it did something');
    if (seed === 1) t.same(await runSql(seed), run);
  }
});

for (const mutation of sqlMutations) {
  t.test(`a broken rule is noticed: ${mutation.rule}`, async (t) => {
    const { seed } = await noticeMutation(mutation, mutation.seed, seedsMax);
    t.ok(seed, `from seed ${mutation.seed} on`);
  });
}
