import t from 'tap';
import { restful } from '../../src/base/pace.js';
import { ManualClock } from '../helpers/manual-clock.js';

/** Works so long between two rests, and tells how long each rest was asked to be. */
async function restsOf(pieces: readonly number[]): Promise<number[]> {
  const clock = new ManualClock();
  const rest = restful(clock);
  const rests: number[] = [];
  for (const piece of pieces) {
    clock.advance(piece);
    const beganMs = clock.nowMs();
    let rested = false;
    void rest().then(() => {
      rested = true;
    });
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    while (!rested) {
      clock.advance(1);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
    rests.push(clock.nowMs() - beganMs);
  }
  return rests;
}

t.test('a rest takes as long as the work before it', async (t) => {
  t.same(await restsOf([4, 1, 1, 2, 1]), [4, 0, 0, 4, 0]);
});

t.test('a longer piece is followed by a longer rest', async (t) => {
  t.same(await restsOf([40, 4]), [40, 4]);
});
