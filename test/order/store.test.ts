import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { purchaseLimits } from '../../src/base/limits.js';
import type { Entry } from '../../src/consensus/types.js';
import type { Group, GroupStatus } from '../../src/group/types.js';
import type { BookNumbers } from '../../src/order/book-position.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { type Buy, OrderStore, salesAreSafe } from '../../src/order/store.js';
import { type OrderBook, ThreadHandler } from '../../src/order/thread-handler.js';
import type { OwnerCall } from '../../src/pool/types.js';
import { encode } from '../../src/wire/codec.js';
import {
  type OrderCommand,
  type Outcome,
  type Purchase,
  rulesVersion,
} from '../../src/wire/internal.js';
import { ManualClock } from '../helpers/manual-clock.js';

interface Message {
  readonly purchases: readonly Purchase[];
  answer(outcomes: readonly Outcome[]): void;
  fail(error: Error): void;
}

function status(serving: boolean, epoch = 1): GroupStatus {
  return { id: 'order-1', role: serving ? 'leader' : 'follower', serving, epoch } as GroupStatus;
}

/** A leading store; messages to the catalog and applied orders are the test's to answer. */
function build({ salesAreSafe = true } = {}) {
  const clock = new ManualClock();
  const positions: {
    readonly wanted: BookNumbers;
    answer(lastSale: number, lastCancellation?: number, lastMovement?: number): void;
    fail(error: Error): void;
  }[] = [];
  const barriers: (() => void)[] = [];
  let now = status(true);
  let tellRole: (status: GroupStatus) => void = () => {};
  const messages: Message[] = [];
  const machine = new OrderMachine();
  const leads: (number | undefined)[] = [];
  const group = {
    status: () => now,
    announceVisible: () => {},
    readBarrier: () =>
      new Promise<number>((resolve) => {
        barriers.push(() => resolve(0));
      }),
    onRole(listener: (status: GroupStatus) => void) {
      tellRole = listener;
    },
  } as unknown as Group<OrderResult>;
  const store = new OrderStore({
    group,
    machine,
    catalogClient: {
      logTime: 5,
      sell: (_epoch, purchases) =>
        new Promise((resolve, reject) => {
          messages.push({ purchases, answer: resolve, fail: reject });
        }),
      trade: async () => [],
      lastSale: (wanted) =>
        new Promise((resolve, reject) => {
          positions.push({
            wanted,
            answer: (sale, cancellation = 0, movement = 0) =>
              resolve([sale, cancellation, movement]),
            fail: reject,
          });
        }),
    },
    projection: {
      startProjection: (epoch: number) => leads.push(epoch),
      resign: () => leads.push(undefined),
      rulesChanged: () => {},
    } as never,
    ...{ clock, salesAreSafe },
  });
  let seq = 0;
  const log = (command: OrderCommand): void => {
    seq++;
    const entry: Entry = { seq, epoch: 1, time: seq, command: encode(command) };
    store.applied(entry, machine.apply(entry));
  };
  return {
    ...{ store, messages, leads, clock, positions, barriers },
    /** The rules of this build begin. */
    begin: () => log(['rules', rulesVersion]),
    become(next: GroupStatus) {
      now = next;
      tellRole(next);
    },
    /** Applies orders first … first + count − 1. */
    apply(first: number, count: number) {
      const sales = Array.from({ length: count }, (_, i) => [
        first + i,
        Buffer.alloc(16),
        [],
        0,
        0,
      ]);
      log(['orders', first, count, encode(sales)]);
    },
  };
}

interface Answered extends Buy {
  error?: BazarError | undefined;
  outcome?: Outcome | undefined;
  answers: number;
}

function buy(): Answered {
  const one: Answered = {
    purchase: [Buffer.alloc(16), 0, Buffer.alloc(0), [[8, 1]], 5],
    answers: 0,
    reply(error, outcome) {
      one.answers++;
      one.error = error;
      one.outcome = outcome as Outcome;
    },
  };
  return one;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const sold = (number: number): Outcome => ['sold', number, 1990, false];

t.test('a sale is answered when the catalog has committed it', async (t) => {
  const { store, messages, begin, apply } = build();
  begin();
  const one = buy();
  store.buy([one]);
  t.equal(one.answers, 0);
  messages[0]?.answer([sold(1)]);
  await settled();
  t.same(one.outcome, sold(1));
  t.equal(store.unprojected, 1);
  apply(1, 1);
  t.equal(store.unprojected, 0);
  t.equal(one.answers, 1);
});

t.test('the sale of a lone catalog is answered when its order is applied', async (t) => {
  const { store, messages, begin, apply } = build({ salesAreSafe: salesAreSafe(1, 3) });
  begin();
  const one = buy();
  store.buy([one]);
  messages[0]?.answer([sold(1)]);
  await settled();
  t.equal(one.answers, 0);
  apply(1, 1);
  t.same(one.outcome, sold(1));
});

t.test('a sale is safe if it survives as many lost disks as an order', async (t) => {
  const sizes = [1, 2, 3].flatMap((catalog) => [1, 3].map((order) => [catalog, order] as const));
  const unsafe = sizes.filter(([catalog, order]) => !salesAreSafe(catalog, order));
  t.same(unsafe, [[1, 3]]);
});

t.test('a deposed order leader still answers a sale that is committed', async (t) => {
  const { store, messages, begin, become } = build();
  begin();
  const one = buy();
  store.buy([one]);
  become(status(false, 2));
  messages[0]?.answer([sold(1)]);
  await settled();
  t.same(one.outcome, sold(1));
});

t.test('an order that is sold and not in the book is waited for', async (t) => {
  const { store, begin, positions, apply } = build();
  begin();
  const read = store.caughtUpTo(2);
  let isRead = false;
  read.then(() => {
    isRead = true;
  });
  await settled();
  positions[0]?.answer(2);
  await settled();
  apply(1, 1);
  await settled();
  t.notOk(isRead);
  apply(2, 1);
  await read;
});

t.test('an order beyond the last sale is absent without a wait', async (t) => {
  const { store, begin, positions } = build();
  begin();
  const read = store.caughtUpTo(3);
  await settled();
  positions[0]?.answer(2);
  await read;
  t.equal(positions.length, 1);
});

t.test('an order in the book needs no position', async (t) => {
  const { store, begin, positions, apply } = build();
  begin();
  apply(1, 1);
  await store.caughtUpTo(1);
  t.equal(positions.length, 0);
});

t.test(
  'without a position a read fails, and so it does when the order comes too late',
  async (t) => {
    const { store, begin, positions, clock } = build();
    begin();
    const unknown = store.caughtUpTo(1);
    await settled();
    positions[0]?.fail(new BazarError('unavailable', 'no leader'));
    await t.rejects(unknown, { code: 'unavailable' });
    const late = store.caughtUpTo(1);
    await settled();
    positions[1]?.answer(1);
    await settled();
    clock.advance(purchaseLimits.orderWaitMs);
    await t.rejects(late, { code: 'unavailable' });
  },
);

t.test('all reads of a turn share one question to the catalog', async (t) => {
  const { store, begin, positions, apply } = build();
  begin();
  const reads = [store.caughtUp(), store.caughtUp(), store.caughtUpTo(5)];
  await settled();
  t.equal(positions.length, 1);
  t.equal(positions[0]?.wanted[0], 1, 'the lowest number that one of them waits for');
  positions[0]?.answer(1);
  apply(1, 1);
  await Promise.all(reads);
});

t.test('before the new rules a read needs the position of the order group', async (t) => {
  const { store, begin, barriers, positions } = build();
  const read = store.caughtUpTo(1);
  barriers[0]?.();
  await read;
  t.equal(positions.length, 0);
  const later = store.caughtUpTo(1);
  // The entry of the new rules arrives with the position: another replica may answer early by now.
  begin();
  barriers[1]?.();
  await settled();
  await settled();
  positions[0]?.answer(0);
  await later;
  t.equal(positions.length, 1);
});

t.test('no purchase is sent while the book is far behind the sales', async (t) => {
  const { store, messages, begin, apply } = build();
  begin();
  const behind = purchaseLimits.unprojectedHeld + 1;
  store.buy([buy()]);
  messages[0]?.answer([sold(behind)]);
  await settled();
  const held = buy();
  store.buy([held]);
  t.equal(messages.length, 1);
  apply(1, 1);
  t.equal(messages.length, 2);
});

t.test('thousands of reads may wait for one order, and each is answered once', async (t) => {
  const { store, begin, positions, apply, clock } = build();
  begin();
  const count = 5_000;
  const late = Array.from({ length: count }, () => store.caughtUpTo(1));
  const ends = Promise.allSettled(late);
  await settled();
  positions[0]?.answer(1);
  await settled();
  clock.advance(purchaseLimits.orderWaitMs);
  t.equal((await ends).filter(({ status }) => status === 'rejected').length, count);
  const inTime = store.caughtUpTo(1);
  await settled();
  positions[1]?.answer(1);
  await settled();
  apply(1, 1);
  await inTime;
});

t.test('under older rules a sale is answered when its order is applied', async (t) => {
  const { store, messages, apply } = build();
  const one = buy();
  store.buy([one]);
  messages[0]?.answer([sold(1)]);
  await settled();
  t.equal(one.answers, 0);
  apply(1, 1);
  t.same(one.outcome, sold(1));
  t.equal(one.answers, 1);
  t.equal(store.waiting, 0);
});

t.test('a sale whose order is already applied is answered at once', async (t) => {
  const { store, messages, apply } = build();
  const one = buy();
  store.buy([one]);
  apply(1, 1);
  messages[0]?.answer([sold(1)]);
  await settled();
  t.same(one.outcome, sold(1));
});

t.test('the age of a purchase counts from its first attempt, never from a later one', async (t) => {
  const { store, messages } = build();
  const handler = new ThreadHandler(store, {} as OrderBook);
  const reply = (): void => {};
  // The store knows 5; a frontend of the build before sends no time.
  const calls = [undefined, 3, 9].map((seenTime): OwnerCall => {
    const params = [Buffer.alloc(16), 0, Buffer.alloc(0), [[8, 1]]];
    const args = seenTime === undefined ? params : [...params, seenTime];
    return { operation: 'buy', args, reply };
  });
  handler.calls(calls);
  t.same(
    messages[0]?.purchases.map(([, , , , seenTime]) => seenTime),
    [5, 3, 5],
  );
});

t.test('a refusal is answered without an order', async (t) => {
  const { store, messages } = build();
  const one = buy();
  store.buy([one]);
  messages[0]?.answer([['out_of_stock', 8, 0, false]]);
  await settled();
  t.equal(one.outcome?.[0], 'out_of_stock');
});

t.test('purchases of a turn are sent together, with the known log time', async (t) => {
  const { store, messages } = build();
  store.buy([buy(), buy(), buy()]);
  t.equal(messages.length, 1);
  t.equal(messages[0]?.purchases.length, 3);
  t.equal(messages[0]?.purchases[0]?.[4], 5);
});

t.test('purchases that arrive while messages are in progress form the next one', async (t) => {
  const { store, messages } = build();
  for (let i = 0; i < 10; i++) store.buy([buy()]);
  const before = messages.length;
  t.ok(before < 10, 'only so many are under way');
  messages[0]?.answer([['out_of_stock', 8, 0, false]]);
  await settled();
  t.equal(messages.length, before + 1);
  t.equal(messages.at(-1)?.purchases.length, 10 - before);
});

t.test('a failed message fails only its own purchases, and the queue continues', async (t) => {
  const { store, messages } = build();
  const all = Array.from({ length: 5 }, buy);
  for (const one of all) store.buy([one]);
  messages[0]?.fail(new Error('gone'));
  await settled();
  t.ok(all[0]?.error);
  t.equal(all[1]?.answers, 0);
  t.ok(messages.length > 2);
});

t.test('a replica that does not lead refuses, and the purchase may be retried', async (t) => {
  const { store, become, messages } = build();
  become(status(false));
  const one = buy();
  store.buy([one]);
  t.equal(one.error?.code, 'unavailable');
  t.equal(messages.length, 0);
});

t.test('when the lead is lost, waiting purchases have an unknown outcome', async (t) => {
  const { store, messages, become, leads } = build();
  become(status(true, 3));
  const one = buy();
  store.buy([one]);
  messages[0]?.answer([sold(1)]);
  await settled();
  become(status(false));
  t.match(one.error, { code: 'unavailable', details: { unknown: true } });
  t.same(leads, [3, undefined]);
});

t.test('too many purchases at once are refused before they are sent', async (t) => {
  const { store } = build();
  const all = Array.from({ length: 20_001 }, buy);
  store.buy(all);
  t.equal(all.at(-1)?.error?.code, 'overloaded');
  t.equal(all[0]?.answers, 0);
});

t.test(
  'a purchase queued under an ended lead is refused, not sold under the next one',
  async (t) => {
    const { store, messages, become } = build();
    become(status(true, 3));
    const all = Array.from({ length: 5 }, buy);
    for (const one of all) store.buy([one]);
    const sent = messages.length;
    become(status(false, 4));
    become(status(true, 5));
    for (const message of messages.slice(0, sent)) message.fail(new Error('gone'));
    await settled();
    t.equal(messages.length, sent, 'nothing more leaves');
    t.ok(all.every(({ error, answers }) => error !== undefined && answers === 1));
  },
);

t.test('a message has at most the lines of an entry', async (t) => {
  const { store, messages } = build();
  const large = (): Answered => {
    const lines = Array.from({ length: 100 }, (_, i) => [i + 1, 1] as const);
    const purchase = [Buffer.alloc(16), 0, Buffer.alloc(0), lines, 5] as const;
    return Object.assign(buy(), { purchase });
  };
  store.buy(Array.from({ length: 30 }, large));
  t.ok(messages.length > 1);
  t.ok((messages[0]?.purchases.length ?? 99) <= 10);
});
