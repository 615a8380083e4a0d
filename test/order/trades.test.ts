// Plain purchases and trades in one queue to the catalog.
import t from 'tap';
import type { Group, GroupStatus } from '../../src/group/types.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { OrderPeerHandler } from '../../src/order/peer-handler.js';
import { type Buy, OrderStore } from '../../src/order/store.js';
import { type OrderBook, ThreadHandler } from '../../src/order/thread-handler.js';
import { encode } from '../../src/wire/codec.js';
import { type Outcome, type Purchase, rulesVersion } from '../../src/wire/internal.js';
import type { TradeOperation, TradeOutcome } from '../../src/wire/trade.js';
import { ManualClock } from '../helpers/manual-clock.js';

interface Message {
  readonly kind: 'sell' | 'trade';
  readonly operations: readonly (Purchase | TradeOperation)[];
  answer(outcomes: readonly TradeOutcome[]): void;
  fail(error: Error): void;
}

const key = new Uint8Array(16);
const lines = [[8, 1]] as const;

function plain(name: number): Purchase {
  return [key, 0, new Uint8Array(0), lines, name];
}

function release(name: number): TradeOperation {
  return ['release', [key, 0, new Uint8Array(0), name], key];
}

/** The seen time names an operation here. */
function nameOf(operation: Purchase | TradeOperation): number {
  return typeof operation[0] === 'string'
    ? (operation as TradeOperation)[1][3]
    : (operation as Purchase)[4];
}

function build() {
  const messages: Message[] = [];
  const send = (kind: Message['kind']) => (_epoch: number, operations: Message['operations']) =>
    new Promise<never>((resolve, reject) => {
      messages.push({ kind, operations, answer: resolve as never, fail: reject });
    });
  const machine = new OrderMachine();
  const leads = { id: 'order-1', role: 'leader', serving: true, epoch: 1 } as GroupStatus;
  const group = { status: () => leads, onRole: () => {}, announceVisible: () => {} };
  const store = new OrderStore({
    ...{ machine, clock: new ManualClock(), salesAreSafe: true },
    group: group as unknown as Group<OrderResult>,
    catalogClient: {
      ...{ logTime: 50, lastSale: async () => [0, 0, 0] as const },
      ...{ sell: send('sell'), trade: send('trade') },
    },
  });
  machine.apply({ seq: 1, epoch: 1, time: 1, command: encode(['rules', rulesVersion]) });
  return { store, messages };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('each message has one kind; the order within a kind stays, and none starves', async (t) => {
  const { store, messages } = build();
  const answers: string[] = [];
  const queue: Buy[] = Array.from({ length: 60 }, (_, name) => ({
    purchase: name % 3 === 1 ? release(name) : plain(name),
    reply: (error, outcome) => answers.push(`${name} ${error?.code ?? outcome?.[0]}`),
  }));
  for (const buy of queue) store.buy([buy]);
  for (let at = 0; at < messages.length; at++) {
    const { kind, operations, answer } = messages[at] as Message;
    const isTrade = operations.map((one) => typeof one[0] === 'string');
    t.ok(isTrade.every((one) => one === (kind === 'trade')));
    const refused: Outcome = ['out_of_stock', 8, 0, false];
    answer(operations.map(() => (kind === 'trade' ? ['released', false] : refused)));
    await settled();
  }
  t.ok(messages.length <= 6, `${messages.length} messages`);
  for (const kind of ['sell', 'trade'] as const) {
    const sent = messages.filter((one) => one.kind === kind).flatMap((one) => one.operations);
    const names = sent.map(nameOf);
    t.same(
      names,
      [...names].sort((a, b) => a - b),
    );
    t.equal(names.length, kind === 'trade' ? 20 : 40);
  }
  const wanted = queue.map((_, name) => `${name} ${name % 3 === 1 ? 'released' : 'out_of_stock'}`);
  t.same(answers.sort(), wanted.sort());
  t.equal(store.waiting, 0);
});

t.test('a failed message of trades fails only its own operations', async (t) => {
  const { store, messages } = build();
  const answers: unknown[] = [];
  const reply: Buy['reply'] = (error, outcome) => answers.push(error?.code ?? outcome?.[0]);
  store.buy([
    { purchase: release(1), reply },
    { purchase: plain(2), reply },
  ]);
  messages[0]?.fail(Object.assign(new Error('gone'), { code: 'unavailable' }));
  messages[1]?.answer([['out_of_stock', 8, 0, false]]);
  await settled();
  t.same(answers, ['unavailable', 'out_of_stock']);
});

t.test(
  'a batch of trades reaches the store with the known log time, bad ones refused',
  async (t) => {
    const { store, messages } = build();
    const threads = new ThreadHandler(store, {} as OrderBook);
    const audit = () => Promise.reject(new Error('no audit here'));
    const handler = new OrderPeerHandler({ audit, calls: (calls) => threads.calls(calls) });
    let answer: unknown;
    const reply = { result: (value: unknown) => (answer = value), fail: () => {} };
    const ask = (params: unknown) => handler.request({}, 'trades', params, reply as never);
    ask([release(7), ['release', 'bad'], release(Number.MAX_SAFE_INTEGER)]);
    t.same(messages[0]?.operations.map(nameOf), [7, 50]);
    messages[0]?.answer([
      ['released', false],
      ['no_hold', false],
    ]);
    await settled();
    t.match(answer, [
      ['released', false],
      ['failed', 'invalid_argument'],
      ['no_hold', false],
    ]);
    for (const params of [null, [], 'x', Array.from({ length: 100_000 }, () => release(1))]) {
      t.throws(() => ask(params), { code: 'invalid_argument' });
    }
  },
);
