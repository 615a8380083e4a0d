/**
 * Injects faults for some seconds into the built store with real processes: no acknowledged order is
 * lost, nothing is sold twice, the books of all replicas agree, and the customers' history is valid.
 * BAZAR_TEST_SEED repeats the choice of faults; `npm run chaos` runs for a chosen time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../test/e2e/seeded.js';
import { drill } from './drill.js';
import { shortDeck } from './plan.js';
import { summary, summaryLines } from './summary.js';

const durationMs = 8_000;
/** Far above the normal duration, for machines with other load. */
const timeoutMs = 230_000;

t.test(
  'the store keeps its guarantees while processes crash, hang and lose connections',
  async (t) => {
    t.setTimeout(timeoutMs);
    const seed = chosenSeed();
    const folder = mkdtempSync(join(tmpdir(), 'bazar-chaos-'));
    const outcome = await drill({
      ...{ seed, durationMs, deck: shortDeck, folder, portOffset: 3120 },
      tell: (line) => t.comment(line),
      progress: () => {},
    });
    const sum = summary(outcome);
    for (const line of summaryLines(sum)) t.comment(line);
    t.same(sum.problems, [], `seed ${seed}; data and logs are in ${folder}`);
    t.ok(sum.faultsTotal > 0 && sum.acknowledged > 0);
    if (sum.problems.length === 0) rmSync(folder, { recursive: true, force: true });
  },
);
