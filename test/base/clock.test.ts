import t from 'tap';
import { every } from '../../src/base/clock.js';
import { ManualClock } from '../helpers/manual-clock.js';

t.test('a repeated timer goes on until it is cancelled, also from within', async (t) => {
  const clock = new ManualClock();
  let ticks = 0;
  const timer = every(clock, 10, () => {
    ticks++;
    if (ticks === 3) timer.cancel();
  });
  clock.advance(1_000);
  t.equal(ticks, 3);
});
