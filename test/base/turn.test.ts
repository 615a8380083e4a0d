import t from 'tap';
import { switchOff } from '../../src/base/optimisations.js';
import { plainTurn, stagedTurn, systemTurn, type Turn } from '../../src/base/turn.js';

t.test(
  'callbacks after a turn run in order, with those that they add, before the next turn',
  async (t) => {
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      systemTurn.afterTurn(() => {
        ran.push('first');
        systemTurn.afterTurn(() => ran.push('added'));
      });
      systemTurn.afterTurn(() => ran.push('second'));
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
    systemTurn.afterOutput(() => {
      ran.push('write');
      systemTurn.afterTurn(() => ran.push('next turn'));
      systemTurn.afterOutput(() => ran.push('write more'));
    });
    systemTurn.afterTurn(() => {
      ran.push('send');
      systemTurn.afterInput(() => {
        ran.push('input of the next turn');
        systemTurn.afterOutput(resolve);
      });
      systemTurn.afterTurn(() => ran.push('send more'));
    });
    systemTurn.afterInput(() => {
      ran.push('input');
      systemTurn.afterTurn(() => ran.push('answer'));
    });
    systemTurn.afterInput(() => ran.push('more input'));
  });
  const one = ['input', 'more input', 'send', 'answer', 'send more', 'write', 'write more'];
  t.same(ran, [...one, 'input of the next turn', 'next turn']);
});

/** A turn by hand: `run` ends it, and runs what was added for the next one. */
function manual(make: (immediate: (callback: () => void) => void) => Turn): {
  readonly turn: Turn;
  run(): void;
} {
  let waiting: (() => void)[] = [];
  const turn = make((callback) => void waiting.push(callback));
  return {
    turn,
    run() {
      const now = waiting;
      waiting = [];
      for (const callback of now) callback();
    },
  };
}

function schedule(turn: Turn): string[] {
  const ran: string[] = [];
  turn.afterOutput(() => ran.push('output'));
  turn.afterTurn(() => ran.push('turn'));
  turn.afterInput(() => ran.push('input'));
  return ran;
}

t.test('a simulation can drive the stages of a turn', (t) => {
  const { turn, run } = manual(stagedTurn);
  const ran = schedule(turn);
  t.same(ran, []);
  run();
  t.same(ran, ['input', 'turn', 'output']);
  t.end();
});

t.test('a callback that throws does not lose the others of its turn', (t) => {
  const { turn, run } = manual(stagedTurn);
  turn.afterInput(() => {
    throw new Error('thrown');
  });
  const ran = schedule(turn);
  t.throws(run, { message: 'thrown' });
  run();
  t.same(ran, ['input', 'turn', 'output']);
  t.end();
});

t.test('without stages each callback runs once, in the order of the calls', (t) => {
  const { turn, run } = manual(plainTurn);
  const ran = schedule(turn);
  run();
  t.same(ran, ['output', 'turn', 'input']);
  run();
  t.equal(ran.length, 3);
  t.end();
});

t.test('the stages of the event loop can be switched off', async (t) => {
  t.teardown(() => switchOff([]));
  switchOff(['turn-stages']);
  const ran = schedule(systemTurn);
  await new Promise<void>((resolve) => systemTurn.nextTurn(resolve));
  t.same(ran, ['output', 'turn', 'input']);
});
