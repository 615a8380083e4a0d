/** Many seeds of the SQL engine; sql.test.ts has a few, and the seeded bugs. */
import t from 'tap';
import { runSql } from './sql-run.js';

const seeds = 1_000;

t.test('with all rules the seeds are clean', async (t) => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { broken } = await runSql(seed);
    if (broken !== undefined) t.fail(`seed ${seed}: ${broken}`);
  }
});
