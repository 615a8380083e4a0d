/** Short histories told by hand: what may have happened passes, what cannot is found. */
import t from 'tap';
import { checkHistory } from '../../src/checker/check.js';
import type { History } from '../../src/checker/types.js';
import * as told from './told.js';

const { record, history, look, buy, buyLost } = told;
const one = (id: number, quantity = 1) => [{ id, quantity }];

function passes(name: string, story: History): void {
  t.test(name, async (t) => t.strictSame(checkHistory(story).problems, []));
}

function fails(name: string, story: History, why: RegExp): void {
  t.test(name, async (t) => {
    const { problems } = checkHistory(story);
    t.ok(
      problems.some((problem) => why.test(problem)),
      problems.join('\n') || 'nothing found',
    );
  });
}

passes(
  'while a purchase is under way both stocks may be seen, in this order',
  history([buy([0, 10], one(1), 1), look([1, 2], record(1)), look([3, 4], record(1, 2, 9))]),
);

fails(
  'one customer sees the new stock, another one later the old',
  history([buy([0, 10], one(1), 1), look([1, 2], record(1, 2, 9)), look([3, 4], record(1))]),
  /I9: product 1 had version 2 already/,
);

const refilled = [buy([0, 1], one(1), 1), look([2, 3], record(1, 3, 12))];
passes(
  'a product is filled up to its own target',
  history(refilled, { restockTo: null, targets: [[1, 12]] }),
);

fails(
  'a product is filled up to the target of another one',
  history(refilled, { restockTo: null, targets: [[2, 12]] }),
  /I9: product 1/,
);

passes(
  'of two at the same time one may be behind the other',
  history([buy([0, 10], one(1), 1), look([1, 4], record(1, 2, 9)), look([3, 5], record(1))]),
);

fails(
  'a reader joins a question that is older than an answer (A18)',
  history([look([0, 3], record(1)), buy([1, 2], one(1), 1), look([2.5, 3], record(1))]),
  /I9: product 1/,
);

fails(
  'two purchases take the same unit',
  history([buy([0, 1], one(1, 6), 1), buy([2, 3], one(1, 6), 2)]),
  /I9: product 1: no order explains it/,
);

fails(
  'an update is lost',
  history([buy([0, 1], one(1), 1), buy([0, 1], one(1), 2), look([2, 3], record(1, 2, 9))]),
  /I9: product 1: no order explains it/,
);

fails(
  'a sale is seen that nobody made',
  history([look([0, 1], record(1, 2, 9))]),
  /no order explains it/,
);

passes(
  'a purchase without an answer may have happened',
  history([buyLost([0, 1], one(1)), look([2, 3], record(1, 2, 9))]),
);

passes(
  'or later',
  history([buyLost([0, 1], one(1)), look([2, 3], record(1)), look([4, 5], record(1, 2, 9))]),
);

passes('or never', history([buyLost([0, 1], one(1)), look([2, 3], record(1))]));

fails(
  'but not twice',
  history([buyLost([0, 1], one(1)), look([2, 3], record(1, 3, 8))]),
  /no order/,
);

fails(
  'and not before it was asked for',
  history([look([0, 1], record(1, 2, 9)), buyLost([2, 3], one(1))]),
  /no order explains it/,
);

passes(
  'its order may be read',
  history([buyLost([0, 1], one(1)), look([2, 3], record(1, 2, 9)), told.read([4, 5], 1, one(1))]),
);

passes(
  'the store fills up where it may',
  history([buy([0, 1], one(1), 1), look([2, 3], record(1, 3, 10))], { restockTo: 10 }),
);

fails(
  'and not where it may not',
  history([buy([0, 1], one(1), 1), look([2, 3], record(1, 3, 10))]),
  /I9/,
);

fails(
  'a refusal needs an empty shelf',
  history([told.refused([0, 1], { id: 1, quantity: 11 }, 3)]),
  /I9/,
);

passes(
  'a refusal tells the stock of its time',
  history([told.refused([0, 1], { id: 1, quantity: 11 }, 10)]),
);

passes(
  'products come and go',
  history([
    told.lookNone([0, 1], 3),
    told.create([2, 3], 3, 5),
    look([4, 5], record(3, 1, 5)),
    told.remove([6, 9], record(3, 1, 5)),
    told.lookNone([7, 8], 3),
  ]),
);

fails(
  'what is gone is gone',
  history([
    told.create([2, 3], 3, 5),
    told.remove([6, 7], record(3, 1, 5)),
    look([8, 9], record(3, 1, 5)),
  ]),
  /I9: product 3/,
);

passes(
  'an addition is seen by a search',
  history([
    told.add([0, 1], 1, 5, record(1, 2, 15)),
    told.search([2, 3], [record(1, 2, 15), record(2)]),
  ]),
);

fails(
  'half of a purchase is seen: each product alone would pass',
  history([
    buy([0, 10], [...one(1), ...one(2)], 1),
    look([1, 2], record(1, 2, 9)),
    look([3, 4], record(2)),
  ]),
  /each of these comes before the next/,
);

fails(
  'a product is behind another one: each alone would pass',
  history([
    buy([0, 10], one(1), 1),
    buy([0, 10], one(2), 2),
    look([1, 2], record(2, 2, 9)),
    look([3, 4], record(1)),
  ]),
  /each of these comes before the next/,
);

fails(
  'an order is there and then not, while it is being answered',
  history([buy([0, 10], one(1), 1), told.read([1, 2], 1, one(1)), told.read([3, 4], 1, 'none')]),
  /I8: order 1 was there/,
);

passes(
  'a sale may be seen before its order',
  history([buy([0, 10], one(1), 1), look([1, 2], record(1, 2, 9)), told.read([3, 4], 1, 'none')]),
);

fails(
  'an order is read before it was bought',
  history([told.read([0, 1], 1, one(1)), buy([2, 3], one(1), 1)]),
  /I9/,
);

passes(
  'others may buy beside it where their orders are read',
  history([look([0, 1], record(1)), look([2, 3], record(1, 2, 9)), told.read([4, 5], 7, one(1))], {
    bookFrom: 7,
  }),
);

fails(
  'and each order must be',
  history([buy([0, 1], one(1), 9), told.read([4, 5], 7, one(1))], { bookFrom: 7 }),
  /no purchase is order 8/,
);

t.test('an undecided history does not pass', async (t) => {
  const guesses = Array.from({ length: 12 }, (_, i) => told.add([0, 1], 1, 2 ** i));
  const story = history([...guesses, look([2, 3], record(1, 5, 4))]);
  t.match(checkHistory(story, 5), {
    problems: [/I9: product 1: undecided after 19 steps/],
    undecided: [1],
  });
  const { problems, undecided } = checkHistory(story);
  t.match(problems, [/I9: product 1: no order explains it/]);
  t.same(undecided, []);
});
