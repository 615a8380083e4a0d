import t from 'tap';
import { type Holder, MemoryBudget } from '../../src/base/memory-budget.js';

t.test('when the budget is spent, who has held something for longest gives up', async (t) => {
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

t.test('a holder that is alone over the budget gives up itself', async (t) => {
  const budget = new MemoryBudget(100);
  let gone = 0;
  budget.set({ giveUp: () => gone++ }, 101);
  t.equal(gone, 1);
  t.equal(budget.total, 0);
});
