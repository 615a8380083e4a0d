/** The random limits keep the relations that the code needs, and end with their run. */
import t from 'tap';
import { logLimits, purchaseLimits, storageLimits } from '../src/base/limits.js';
import { seededRandom } from '../src/base/random.js';
import { drawLimits } from './draw-limits.js';
import { withLimits } from './replaced-limits.js';

const seeds = 500;

t.test(
  'a batch fits a segment, and a purchase is too old before its key is forgotten',
  async (t) => {
    for (let seed = 1; seed <= seeds; seed++) {
      await withLimits(drawLimits(seededRandom(seed)), async () => {
        const { batchBytesMax, segmentBytes, blockBytes } = storageLimits;
        const fits = batchBytesMax + 4 * blockBytes <= segmentBytes;
        const { clientKeyMs, clientKeyAgeMaxMs, frontendKeyMs, frontendKeyAgeMaxMs } =
          purchaseLimits;
        const areOld = clientKeyAgeMaxMs < clientKeyMs && frontendKeyAgeMaxMs < frontendKeyMs;
        const isFilled = Object.values(logLimits).every((value) => value >= 1);
        if (!fits || !areOld || !isFilled) t.fail(`seed ${seed}`);
      });
    }
  },
);

t.test('the real limits are back after a run, even after one that fails', async (t) => {
  const before = { ...logLimits };
  const failing = withLimits({ log: { appendEntriesMax: 1 } }, () => Promise.reject(new Error()));
  await t.rejects(failing);
  t.same(logLimits, before);
});
