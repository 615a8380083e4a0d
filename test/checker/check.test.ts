/** True histories pass, whatever their shape; one violation of any kind in them is found. */
import fc from 'fast-check';
import t from 'tap';
import { checkHistory } from '../../src/checker/check.js';
import { plants } from './planted.js';
import { tradePlants } from './planted-trades.js';
import { buy, history, look, record } from './told.js';
import { type Shape, trueHistory } from './true-history.js';

const runs = 60;

const shape: fc.Arbitrary<Shape> = fc.record({
  seed: fc.nat(),
  items: fc.integer({ min: 1, max: 4 }),
  processes: fc.integer({ min: 1, max: 8 }),
  operations: fc.integer({ min: 5, max: 40 }),
  stock: fc.integer({ min: 2, max: 40 }),
  restockTo: fc.constantFrom(null, 10, 30),
  lost: fc.constantFrom(0, 0.05),
});
const trades = fc.constantFrom(0.3, 0.6);
/** A search that needs more steps takes long, and often finds nothing. */
const guessesMax = 20_000;

t.test('a true history passes, also with lost answers and restocks', async () => {
  fc.assert(
    fc.property(shape, (one) => {
      const { problems } = checkHistory(trueHistory(one));
      if (problems.length > 0) throw new Error(problems.join());
    }),
    { numRuns: 3 * runs },
  );
});

t.test('no true history with holds, cancellations and adjustments is called false', async (t) => {
  let undecided = 0;
  fc.assert(
    fc.property(shape, trades, (one, share) => {
      const { problems, undecided: open } = checkHistory(
        trueHistory({ ...one, trades: share }),
        guessesMax,
      );
      if (problems.length > open.length) throw new Error(problems.join());
      undecided += open.length > 0 ? 1 : 0;
    }),
    { numRuns: 3 * runs },
  );
  // Lost answers, late expiries and restocks together can hide too much. About one in two hundred does.
  t.ok(undecided <= (3 * runs) / 10, `undecided: ${undecided} of ${3 * runs}`);
});

t.test('a restock hides how much was sold before it', async (t) => {
  const one = (id: number) => ({ id, quantity: 1 });
  const operations = [
    buy([0, 1], [one(1)], 1),
    buy([2, 3], [one(1)], 2),
    // It happened last, although its sale could be one of those before the filling.
    buy([0, 20], [one(1), one(2)], 3),
    look([5, 6], record(1, 5, 10)),
    look([7, 8], record(2, 1, 10)),
  ];
  const { problems } = checkHistory(history(operations, { restockTo: 10 }));
  t.same(problems, []);
});

const all = [
  ...Object.entries(plants).map(([name, plant]) => ({ name, plant, share: fc.constant(0) })),
  ...Object.entries(tradePlants).map(([name, plant]) => ({ name, plant, share: trades })),
];

for (const { name, plant, share } of all) {
  t.test(`finds ${name}`, async (t) => {
    let planted = 0;
    fc.assert(
      fc.property(shape, share, (one, part) => {
        // With answers lost anything may have been bought by somebody.
        const history = plant(trueHistory({ ...one, lost: 0, restockTo: null, trades: part }));
        if (history === undefined) return;
        planted += 1;
        const { problems, undecided } = checkHistory(history);
        if (problems.length === undecided.length) throw new Error('not found');
      }),
      { numRuns: runs },
    );
    t.ok(planted > runs / 12, `planted in ${planted} of ${runs}`);
  });
}

t.test('many concurrent operations on one product take no more steps than few', async (t) => {
  const many = { seed: 7, items: 1, processes: 50, operations: 400, stock: 20, lost: 0 };
  const history = trueHistory({ ...many, restockTo: null });
  // Each change is found at once, without a second try.
  const { problems, operations } = checkHistory(history, 0);
  t.same(problems, []);
  t.equal(operations, 20_000);
});
