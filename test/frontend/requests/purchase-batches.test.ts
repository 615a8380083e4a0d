import t from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import { logLimits, purchaseLimits } from '../../../src/base/limits.js';
import { PurchaseBatches } from '../../../src/frontend/requests/purchase-batches.js';
import type { BuyParams, BuysAnswer, Outcome } from '../../../src/wire/internal.js';
import { ManualClock } from '../../helpers/manual-clock.js';

interface Message {
  readonly purchases: readonly BuyParams[];
  readonly timeoutMs: number;
  answer(answer: BuysAnswer): void;
  fail(error: BazarError): void;
}

const sold = (number: number): Outcome => ['sold', number, 1990, false];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function build() {
  const clock = new ManualClock();
  const messages: Message[] = [];
  const batches = new PurchaseBatches({
    clock,
    linesOf: ([, , , lines]) => lines.length,
    ask: (purchases, timeoutMs) =>
      new Promise((answer, fail) => {
        messages.push({ purchases, timeoutMs, answer, fail });
      }),
  });
  const buy = (leftMs = 5_000, lines = 1): Promise<Outcome> => {
    const wanted = Array.from({ length: lines }, () => [8, 1] as const);
    const purchase: BuyParams = [new Uint8Array(16), 0, new Uint8Array(0), wanted, 5];
    const outcome = batches.buy({ purchase, leftMs: () => leftMs, header: undefined });
    outcome.catch(() => {});
    return outcome;
  };
  return { clock, messages, buy };
}

t.test('the purchases of a turn travel together', async (t) => {
  const { messages, buy } = build();
  const bought = [buy(), buy(), buy()];
  await turn();
  t.same(
    messages.map(({ purchases }) => purchases.length),
    [3],
  );
  messages[0]?.answer([sold(1), sold(2), sold(3)]);
  t.same(await Promise.all(bought), [sold(1), sold(2), sold(3)]);
});

t.test('purchases that arrive while batches are under way form the next one', async (t) => {
  const { messages, buy } = build();
  for (let batch = 0; batch < purchaseLimits.batchesUnderWay; batch++) {
    buy();
    await turn();
  }
  const later = [buy(), buy()];
  await turn();
  t.equal(messages.length, purchaseLimits.batchesUnderWay);
  messages[0]?.answer([sold(1)]);
  await turn();
  await turn();
  t.equal(messages.at(-1)?.purchases.length, 2);
  messages.at(-1)?.answer([sold(2), sold(3)]);
  t.same(await Promise.all(later), [sold(2), sold(3)]);
});

t.test('after an answered batch the next one waits a moment for its customers', async (t) => {
  const { clock, messages, buy } = build();
  for (let n = 0; n < 3; n++) buy();
  await turn();
  clock.advance(8);
  messages[0]?.answer([sold(1), sold(2), sold(3)]);
  await turn();
  buy();
  await turn();
  t.equal(messages.length, 1, 'two customers may come back');
  buy();
  buy();
  await turn();
  t.equal(messages[1]?.purchases.length, 3, 'all are back');
  clock.advance(8);
  messages[1]?.answer([sold(4), sold(5), sold(6)]);
  await turn();
  buy();
  await turn();
  clock.advance(4);
  t.equal(messages[2]?.purchases.length, 1, 'the wait is half the time of a batch');
  clock.advance(8);
  messages[2]?.answer([sold(7)]);
  await turn();
  buy();
  await turn();
  t.equal(messages.length, 4, 'a lone customer never waits');
});

t.test('each purchase gets its own failure', async (t) => {
  const { messages, buy } = build();
  const [fine, failed, missing] = [buy(), buy(), buy()];
  await turn();
  messages[0]?.answer([sold(1), ['failed', 'overloaded', 'too many', null]]);
  t.same(await fine, sold(1));
  await t.rejects(failed, { code: 'overloaded', details: {} });
  await t.rejects(missing, { code: 'internal' });
});

t.test('a lost batch fails all its purchases, and the next one leaves', async (t) => {
  const { messages, buy } = build();
  const [one, other] = [buy(), buy()];
  await turn();
  const later = buy();
  messages[0]?.fail(new BazarError('unavailable', 'lost', { details: { unknown: true } }));
  await t.rejects(one, { code: 'unavailable', details: { unknown: true } });
  await t.rejects(other, { code: 'unavailable' });
  await turn();
  messages[1]?.answer([sold(1)]);
  t.same(await later, sold(1));
});

t.test('a purchase whose deadline has passed while it waited is not sent', async (t) => {
  const { messages, buy } = build();
  const late = buy(0);
  const inTime = buy(300);
  await turn();
  await t.rejects(late, { code: 'deadline_exceeded', details: { unknown: false } });
  t.equal(messages[0]?.purchases.length, 1);
  messages[0]?.answer([sold(1)]);
  t.same(await inTime, sold(1));
});

t.test(
  'a purchase whose deadline comes first is answered then, and its batch goes on',
  async (t) => {
    const { clock, messages, buy } = build();
    const [soon, later] = [buy(300), buy()];
    await turn();
    t.equal(messages[0]?.timeoutMs, purchaseLimits.batchTimeoutMs);
    clock.advance(300);
    await t.rejects(soon, { code: 'deadline_exceeded', details: {} }, 'its outcome is unknown');
    messages[0]?.answer([sold(1), sold(2)]);
    t.same(await later, sold(2));
  },
);

t.test('a batch has at most the purchases and lines of an entry', async (t) => {
  const many = build();
  for (let n = 0; n <= logLimits.entryOperationsMax; n++) many.buy();
  await turn();
  t.equal(many.messages[0]?.purchases.length, logLimits.entryOperationsMax);
  const large = build();
  for (let n = 0; n < 30; n++) large.buy(5_000, 100);
  await turn();
  t.equal(large.messages[0]?.purchases.length, Math.floor(logLimits.entryLinesMax / 100));
});

t.test('more than can wait are refused', async (t) => {
  const { buy } = build();
  for (let n = 0; n < purchaseLimits.waitingMax; n++) buy();
  await t.rejects(buy(), { code: 'overloaded' });
});
