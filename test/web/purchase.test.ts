/** A purchase from the page: one key, asked again until its outcome is known. */
import t from 'tap';
import {
  type Outcome,
  type PurchaseReply,
  patienceMs,
  purchase,
} from '../../src/web/model/purchase.js';

const placed: PurchaseReply = { status: 200, body: { data: { order_number: 7, total: 19.9 } } };
const noLeader: PurchaseReply = { status: 503, body: { error: { type: 'unavailable' } } };

interface Run {
  readonly outcome: Outcome;
  readonly keys: readonly string[];
  readonly again: number;
}

/** Answers in turn, the last one for ever; undefined: the connection broke. */
async function run(...answers: (PurchaseReply | undefined)[]): Promise<Run> {
  const keys: string[] = [];
  let nowMs = 0;
  let again = 0;
  const outcome = await purchase(
    {
      async send(key) {
        const answer = answers[Math.min(keys.length, answers.length - 1)];
        keys.push(key);
        if (!answer) throw new Error('no answer');
        return answer;
      },
      async wait(ms) {
        nowMs += ms;
      },
      nowMs: () => nowMs,
      again: () => {
        again++;
      },
    },
    'key-1',
  );
  return { outcome, keys, again };
}

t.test('a placed order is reported with its number and total', async (t) => {
  const { outcome, keys, again } = await run(placed);
  t.same(outcome, { kind: 'placed', number: 7, total: 19.9 });
  t.same([keys, again], [['key-1'], 0]);
});

t.test('without a leader or an answer, the purchase is repeated with the same key', async (t) => {
  const { outcome, keys, again } = await run(
    noLeader,
    undefined,
    { ...noLeader, status: 504 },
    placed,
  );
  t.equal(outcome.kind, 'placed');
  t.same(keys, ['key-1', 'key-1', 'key-1', 'key-1']);
  t.equal(again, 3);
});

t.test('a refusal is final', async (t) => {
  const soldOut = { status: 409, body: { error: { type: 'out_of_stock', available: 2 } } };
  t.same(await run(soldOut), {
    outcome: { kind: 'out_of_stock', available: 2 },
    keys: ['key-1'],
    again: 0,
  });
  const bad = { status: 400, body: { error: { type: 'invalid_argument', message: 'no' } } };
  t.same((await run(bad)).outcome, { kind: 'refused', type: 'invalid_argument', message: 'no' });
});

t.test('the total is the exact text, with its currency, where the store gives them', async (t) => {
  const data = { order_number: 7, total: 19.9, total_exact: '19.90', currency: 'EUR' };
  const { outcome } = await run({ status: 201, body: { data } });
  t.same(outcome, { kind: 'placed', number: 7, total: '19.90', currency: 'EUR' });
});

t.test('a purchase above the limit of a customer says how many are possible', async (t) => {
  const over = (remaining: number) =>
    run({ status: 409, body: { error: { type: 'limit_exceeded', remaining } } });
  t.match((await over(2)).outcome, { type: 'limit_exceeded', message: /^Only 2 more/ });
  t.match((await over(0)).outcome, { message: /as many as one customer may/ });
});

t.test('a purchase without an answer in time may have been placed', async (t) => {
  const { outcome, keys } = await run(undefined);
  t.same(outcome, { kind: 'unknown' });
  t.ok(keys.length > patienceMs / 1_500, 'it was asked to the end');
  t.same((await run({ status: 500, body: {} })).outcome, { kind: 'unknown' });
});
