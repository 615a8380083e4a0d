import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { logLimits } from '../../src/base/limits.js';
import { OrderPeerHandler } from '../../src/order/peer-handler.js';
import type { OwnerCall } from '../../src/pool/types.js';
import type { BuyParams } from '../../src/wire/internal.js';

const purchase: BuyParams = [new Uint8Array(16), 0, new Uint8Array(0), [[8, 1]], 5];

function build() {
  const taken: OwnerCall[][] = [];
  const answers: unknown[] = [];
  const handler = new OrderPeerHandler({
    audit: () => Promise.reject(new BazarError('unavailable', 'not now')),
    calls: (calls) => taken.push(calls),
  });
  const ask = (method: string, params: unknown): boolean =>
    handler.request(undefined, method, params, {
      result: (value) => answers.push(value),
      fail: (error) => answers.push(error.code),
    });
  return { taken, answers, ask };
}

t.test('a batch is answered when all its purchases are, in their order', async (t) => {
  const { taken, answers, ask } = build();
  t.ok(ask('buys', [purchase, purchase]));
  const [first, second] = taken[0] ?? [];
  second?.reply(undefined, ['sold', 2, 1990, false]);
  t.same(answers, []);
  first?.reply(new BazarError('unavailable', 'no lead', { details: { unknown: true } }));
  t.same(answers, [
    [
      ['failed', 'unavailable', 'no lead', true],
      ['sold', 2, 1990, false],
    ],
  ]);
});

t.test('a purchase of another shape fails alone', async (t) => {
  const { taken, answers, ask } = build();
  const noLines = [...purchase.slice(0, 3), []];
  ask('buys', [noLines, purchase, null]);
  t.equal(taken[0]?.length, 1);
  taken[0]?.[0]?.reply(undefined, ['sold', 1, 1990, false]);
  const refused = ['failed', 'invalid_argument', 'bad params of buy', false];
  t.same(answers, [[refused, ['sold', 1, 1990, false], refused]]);
  ask('buys', [null]);
  t.same(answers[1], [refused], 'with no purchase left to make');
});

t.test('a failure says whether the purchase may exist, if it knows', async (t) => {
  const { taken, answers, ask } = build();
  ask('buys', [purchase, purchase, purchase]);
  for (const [place, details] of [{ unknown: true }, { unknown: false }, {}].entries()) {
    taken[0]?.[place]?.reply(new BazarError('deadline_exceeded', 'late', { details }));
  }
  const failures = [true, false, null].map((unknown) => [
    'failed',
    'deadline_exceeded',
    'late',
    unknown,
  ]);
  t.same(answers, [failures]);
});

t.test('a batch of another shape is refused, and nothing is bought', async (t) => {
  const { taken, ask } = build();
  const tooMany = Array.from({ length: logLimits.entryOperationsMax + 1 }, () => purchase);
  for (const params of [null, [], tooMany]) {
    t.throws(() => ask('buys', params), { code: 'invalid_argument' });
  }
  t.same(taken, []);
});

t.test('other methods', async (t) => {
  const { answers, ask } = build();
  t.notOk(ask('unknown', null));
  t.ok(ask('audit', ['token', 1]));
  await new Promise((resolve) => setImmediate(resolve));
  t.same(answers, ['unavailable']);
});
