import t from 'tap';
import { openRequestLimits, WorkTurns, workUnits } from '../../src/base/work-turns.js';

/** Turns that the test ends. */
function manualTurns() {
  let ends: (() => void)[] = [];
  let nexts: (() => void)[] = [];
  const turns = new WorkTurns({
    afterTurn: (callback) => void ends.push(callback),
    nextTurn: (callback) => void nexts.push(callback),
  });
  const endTurn = (): void => {
    const [ending, next] = [ends, nexts];
    [ends, nexts] = [[], []];
    for (const callback of [...ending, ...next]) callback();
  };
  return { turns, endTurn };
}

t.test('work runs at once while the turn has room, and then waits in order', async (t) => {
  const { turns, endTurn } = manualTurns();
  const ran: string[] = [];
  t.ok(turns.run(() => ran.push('first')));
  turns.charge(workUnits.turnMax);
  t.notOk(turns.run(() => ran.push('second')));
  t.notOk(turns.run(() => ran.push('third')));
  t.same(ran, ['first']);
  endTurn();
  t.same(ran, ['first', 'second', 'third']);
  t.equal(turns.waiting, 0);
});

t.test('waiting tasks share turns: each does its portion and goes behind the others', async (t) => {
  const { turns, endTurn } = manualTurns();
  const ran: string[] = [];
  const session = (name: string, portions: number): void => {
    let left = portions;
    const portion = (): void => {
      ran.push(name);
      turns.charge(workUnits.turnMax / 2);
      if (--left > 0) turns.later(portion);
    };
    turns.later(portion);
  };
  session('greedy', 4);
  session('modest', 1);
  endTurn();
  t.same(ran, ['greedy', 'modest']);
  endTurn();
  endTurn();
  t.same(ran, ['greedy', 'modest', 'greedy', 'greedy', 'greedy'].slice(0, ran.length));
});

t.test('a turn in which a connection was accepted is short', async (t) => {
  const { turns } = manualTurns();
  turns.charge(workUnits.acceptingTurnMax);
  t.notOk(turns.shouldYield);
  turns.accepted();
  t.ok(turns.shouldYield);
});

t.test('a task that throws does not stop the others', async (t) => {
  const { turns, endTurn } = manualTurns();
  const ran: string[] = [];
  turns.later(() => {
    throw new Error('no');
  });
  turns.later(() => ran.push('next'));
  t.throws(endTurn, { message: 'no' });
  endTurn();
  t.same(ran, ['next']);
});

t.test('when many requests are under way, each session may still have a few', async (t) => {
  const { turns } = manualTurns();
  t.ok(turns.mayBegin(500));
  turns.underWay = openRequestLimits.underWayMax;
  t.notOk(turns.mayBegin(openRequestLimits.sessionMax));
  t.ok(turns.mayBegin(0));
});
