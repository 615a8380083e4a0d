import t from 'tap';
import { afterInput, afterOutput, every, systemClock } from '../../src/base/clock.js';
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

t.test('a turn ends in stages: input, what that leaves to be sent, output', async (t) => {
  const ran: string[] = [];
  await new Promise<void>((resolve) => {
    afterOutput(() => {
      ran.push('write');
      systemClock.afterTurn(() => ran.push('next turn'));
      afterOutput(() => ran.push('write more'));
    });
    systemClock.afterTurn(() => {
      ran.push('send');
      afterInput(() => {
        ran.push('input of the next turn');
        afterOutput(resolve);
      });
      systemClock.afterTurn(() => ran.push('send more'));
    });
    afterInput(() => {
      ran.push('input');
      systemClock.afterTurn(() => ran.push('answer'));
    });
    afterInput(() => ran.push('more input'));
  });
  const one = ['input', 'more input', 'send', 'answer', 'send more', 'write', 'write more'];
  t.same(ran, [...one, 'input of the next turn', 'next turn']);
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
