import t from 'tap';
import type { Outcome } from '../../../src/wire/internal.js';
import type { LookupAnswer } from '../../../src/wire/thread-requests.js';
import { epoch, type Question, stageOperations } from '../staged-operations.js';

const sold: Outcome = ['sold', 1, 1990, false];

/** Two Tux, one Whale, and nothing else. */
function answer({ method, params }: Question): unknown {
  if (method === 'buy') return sold;
  const [item] = params as [number | string];
  if (item === 8 || item === 'Tux') return tux(2);
  if (item === 7) return [[7, 'Palace', 'toys', 1e11, 1e9, 1], epoch, 1] satisfies LookupAnswer;
  if (item === 9) return [[9, 'Whale', 'toys', 990, 1, 1], epoch, 1] satisfies LookupAnswer;
  return [null, epoch, 1] satisfies LookupAnswer;
}

function tux(quantity: number): LookupAnswer {
  return [[8, 'Tux', 'toys', 1990, quantity, 1], epoch, 1];
}

async function build() {
  const staged = stageOperations(answer);
  const { operations, soon, asked } = staged;
  await operations.lookup({ name: 'Tux' }, soon());
  await operations.lookup({ id: 9 }, soon());
  await t.rejects(operations.lookup({ id: 99 }, soon()));
  asked.length = 0;
  return staged;
}

t.test('a purchase that exceeds the cached stock is refused without a question', async (t) => {
  const { operations, soon, asked, counters } = await build();
  const refusal = { code: 'out_of_stock', details: { id: 8, available: 2 } };
  await t.rejects(operations.buy({ id: 8, quantity: 3 }, soon()), refusal);
  await t.rejects(operations.buy({ name: 'Tux', quantity: 3 }, soon()), refusal);
  t.equal(asked.length, 0);
  t.equal(counters.refused, 2);
});

t.test('lines of the same product are added up, by id and by name', async (t) => {
  const { operations, soon, asked } = await build();
  const lines = [
    { id: 8, quantity: 1 },
    { id: 9, quantity: 1 },
    { name: 'Tux', quantity: 2 },
  ];
  await t.rejects(operations.buy({ lines }, soon()), { code: 'out_of_stock', details: { id: 8 } });
  t.equal(asked.length, 0);
});

t.test('a purchase of a product with a cached absence is refused, with the line', async (t) => {
  const { operations, soon, asked } = await build();
  await t.rejects(operations.buy({ id: 99, quantity: 1 }, soon()), {
    code: 'not_found',
    details: { line: 0 },
  });
  const lines = [
    { id: 8, quantity: 9 },
    { id: 99, quantity: 1 },
  ];
  await t.rejects(operations.buy({ lines }, soon()), { code: 'not_found', details: { line: 1 } });
  t.equal(asked.length, 0);
});

t.test('a purchase that may succeed goes to the log', async (t) => {
  const { operations, soon, asked } = await build();
  await operations.buy({ id: 8, quantity: 2 }, soon());
  t.equal(asked.length, 1);
});

t.test('a purchase with a client’s key goes to the log, which may have its outcome', async (t) => {
  const { operations, soon, asked } = await build();
  await operations.buy({ id: 8, quantity: 3, key: 'mine' }, soon());
  t.equal(asked.length, 1);
});

t.test('an entry that may be stale refuses no purchase', async (t) => {
  const { operations, soon, asked, versions } = await build();
  versions.invalidate(versions.idBucket(8), 2);
  await operations.buy({ id: 8, quantity: 3 }, soon());
  await operations.buy(
    {
      lines: [
        { id: 5, quantity: 1 },
        { id: 9, quantity: 2 },
      ],
    },
    soon(),
  );
  t.equal(asked.length, 2, 'nor does a line beside one that is not cached');
  versions.endSession();
  await operations.buy({ id: 9, quantity: 3 }, soon());
  t.equal(asked.length, 3);
});

t.test(
  'a refusal by the log fills the cache, so that the next one is refused locally',
  async (t) => {
    const outcome: Outcome = ['out_of_stock', 8, 2, false];
    const { operations, soon, asked } = stageOperations((question) =>
      question.method === 'buy' ? outcome : answer(question),
    );
    const refusal = { code: 'out_of_stock', details: { id: 8, available: 2 } };
    await t.rejects(operations.buy({ id: 8, quantity: 3 }, soon()), refusal);
    await new Promise((resolve) => setImmediate(resolve));
    await t.rejects(operations.buy({ id: 8, quantity: 3 }, soon()), refusal);
    t.same(
      asked.map(({ method }) => method),
      ['buy', 'lookup'],
    );
  },
);

t.test('a purchase with a total above the limit is refused without a question', async (t) => {
  const { operations, soon, asked } = await build();
  await operations.lookup({ id: 7 }, soon());
  asked.length = 0;
  const tooLarge = { code: 'invalid_argument', message: /comes to .* at most/ };
  await t.rejects(operations.buy({ id: 7, quantity: 70_001 }, soon()), tooLarge);
  const lines = [
    { id: 7, quantity: 70_000 },
    { id: 9, quantity: 1 },
  ];
  await t.rejects(operations.buy({ lines }, soon()), tooLarge);
  t.equal(asked.length, 0);
  await operations.buy({ id: 7, quantity: 70_000 }, soon());
  t.equal(asked.length, 1);
});
