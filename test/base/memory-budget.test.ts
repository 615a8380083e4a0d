import t from 'tap';
import { type Holder, MemoryBudget } from '../../src/base/memory-budget.js';

t.test('when the budget is used up, the holder that has held for longest is closed', async (t) => {
  const budget = new MemoryBudget(100);
  const gone: string[] = [];
  const holder = (name: string): Holder => ({ giveUp: () => gone.push(name) });
  const [first, second, third] = [holder('first'), holder('second'), holder('third')];
  budget.set(first, 40);
  budget.set(second, 40);
  budget.set(first, 60);
  t.same(gone, []);
  budget.set(third, 10);
  t.same(gone, ['first']);
  t.equal(budget.total, 50);
  budget.set(second, 0);
  t.equal(budget.total, 10);
});

t.test('a single holder over the budget is closed itself', async (t) => {
  const budget = new MemoryBudget(100);
  let gone = 0;
  budget.set({ giveUp: () => gone++ }, 101);
  t.equal(gone, 1);
  t.equal(budget.total, 0);
});

const kib = 1_024;

t.test('long frames wait while half of the budget is held, and the last continues first', (t) => {
  const budget = new MemoryBudget(1_024 * kib);
  const wentOn: string[] = [];
  const holder = (): Holder => ({ giveUp: () => t.fail('nothing has to give up') });
  const [holding, first, second] = [holder(), holder(), holder()];
  budget.set(holding, 400 * kib);
  budget.set(first, 80 * kib);
  t.notOk(budget.mustWait(80 * kib), 'less than half is held');
  budget.set(second, 80 * kib);
  t.notOk(budget.mustWait(10 * kib), 'a short frame never waits');
  t.ok(budget.mustWait(80 * kib));
  budget.whenRoom(first, () => wentOn.push('first'));
  budget.whenRoom(second, () => wentOn.push('second'));
  t.same(wentOn, []);
  budget.set(holding, 340 * kib);
  t.same(wentOn, ['second'], 'there is room for one');
  budget.set(holding, 0);
  t.same(wentOn, ['second', 'first']);
  t.end();
});

t.test('if some wait, those that have held for longest make room', (t) => {
  const budget = new MemoryBudget(1_024 * kib);
  const gone: string[] = [];
  const holder = (name: string): Holder => ({ giveUp: () => gone.push(name) });
  const [oldest, older, waiting] = [holder('oldest'), holder('older'), holder('waiting')];
  budget.set(oldest, 300 * kib);
  budget.set(older, 200 * kib);
  budget.set(waiting, 100 * kib);
  budget.makeRoom();
  t.same(gone, [], 'nothing waits');
  let wentOn = 0;
  budget.whenRoom(waiting, () => wentOn++);
  budget.makeRoom();
  t.same(gone, ['oldest']);
  t.equal(wentOn, 1);
  t.end();
});

t.test('a waiting holder that holds nothing any more does not continue', (t) => {
  const budget = new MemoryBudget(1_024 * kib);
  const [holding, waiting] = [{ giveUp: () => {} }, { giveUp: () => {} }];
  budget.set(holding, 600 * kib);
  budget.set(waiting, 100 * kib);
  budget.whenRoom(waiting, () => t.fail('it is gone'));
  budget.set(waiting, 0);
  budget.set(holding, 0);
  t.equal(budget.total, 0);
  t.end();
});
