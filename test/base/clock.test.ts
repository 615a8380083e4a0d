import t from 'tap';
import { afterInput, every, systemClock } from '../../src/base/clock.js';
import { ManualClock } from '../helpers/manual-clock.js';

t.test(
  'callbacks after a turn run in order, with those that they add, before the next turn',
  async (t) => {
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.afterTurn(() => {
        ran.push('first');
        systemClock.afterTurn(() => ran.push('added'));
      });
      systemClock.afterTurn(() => ran.push('second'));
      setImmediate(() => {
        ran.push('next turn');
        resolve();
      });
      t.same(ran, [], 'nothing runs at once');
    });
    t.same(ran, ['first', 'second', 'added', 'next turn']);
  },
);

t.test('input that came in a turn is acted on before what waits for its end', async (t) => {
  const ran: string[] = [];
  await new Promise<void>((resolve) => {
    systemClock.afterTurn(() => {
      ran.push('output');
      afterInput(() => {
        ran.push('resumed');
        resolve();
      });
      systemClock.afterTurn(() => ran.push('more output'));
    });
    afterInput(() => {
      ran.push('input');
      systemClock.afterTurn(() => ran.push('answer'));
    });
    afterInput(() => ran.push('more input'));
  });
  t.same(ran, ['input', 'more input', 'output', 'answer', 'more output', 'resumed']);
});

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
