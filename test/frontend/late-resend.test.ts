/**
 * A purchase that is sent a second time minutes after the first, when the catalog has forgotten its
 * key: over the classes of production from the frontend's shop to the catalog's state machine, with
 * a clock and a network that a test holds up.
 */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { CatalogMachine } from '../../src/catalog/machine/catalog-machine.js';
import type { Group, GroupStatus } from '../../src/group/types.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import type { Projection } from '../../src/order/projection.js';
import { OrderStore } from '../../src/order/store.js';
import { toPurchase } from '../../src/order/thread-handler.js';
import { decode, encode } from '../../src/wire/codec.js';
import type { BuyParams, CatalogCommand, Outcome, SalesMessage } from '../../src/wire/internal.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { type Answer, stageOperations } from './staged-operations.js';

/** Longer than a key of a frontend's lives. */
const longMs = 125_000;
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

class Store {
  readonly catalog = new CatalogMachine();
  readonly #book = new OrderMachine();
  #orders = this.#lead(1);
  #epoch = 1;
  #seq = 0;
  #orderSeq = 0;
  #logTime = 0;

  constructor() {
    const tux = { name: 'Tux', topic: 'toys', priceCents: 100, quantity: 10 };
    this.#apply(['stock', [tux], 0, 1]);
  }

  /** As if the order leader died and another one led. */
  replaceOrderLeader(): void {
    this.#epoch += 1;
    this.#orders = this.#lead(this.#epoch);
  }

  /** Other customers buy meanwhile, and their orders are recorded. */
  passLogTime(ms: number): void {
    for (const endMs = this.#logTime + ms; this.#logTime < endMs; ) {
      this.#logTime = Math.min(endMs, this.#logTime + 5_000);
      this.#apply(['cursor', this.catalog.lastSale]);
    }
  }

  buy(params: BuyParams): Promise<Outcome> {
    const received = decode(encode(params)) as BuyParams;
    return new Promise((resolve, reject) => {
      this.#orders.buy([
        {
          purchase: toPurchase(received, this.#orders.logTime),
          reply: (error, outcome) => (outcome ? resolve(outcome as Outcome) : reject(error)),
        },
      ]);
    });
  }

  #lead(epoch: number): OrderStore {
    const status = { id: 'order-3', role: 'leader', serving: true, epoch } as GroupStatus;
    const group = { status: () => status, onRole: () => {} } as unknown as Group<OrderResult>;
    const { catalog } = this;
    return new OrderStore({
      ...{ group, clock: new ManualClock(), salesAreSafe: true },
      machine: this.#book,
      projection: { lead: () => {}, resign: () => {} } as unknown as Projection,
      catalogClient: {
        get logTime() {
          return catalog.lastLogTime;
        },
        sell: async (orderEpoch, purchases) => {
          const result = this.#apply(['sell', orderEpoch, 0, purchases]);
          if (result.kind !== 'sell') throw new Error('not sold');
          if (result.sales) this.#project(result.sales);
          return result.outcomes;
        },
        trade: async () => [],
        lastSale: async () => [catalog.lastSale, 0, 0],
      },
    });
  }

  #project([first, count, bytes]: SalesMessage): void {
    this.#orderSeq += 1;
    const command = encode(['orders', first, count, bytes]);
    this.#book.apply({ seq: this.#orderSeq, epoch: this.#epoch, time: 0, command });
  }

  #apply(command: CatalogCommand) {
    this.#seq += 1;
    const entry = { seq: this.#seq, epoch: 1, time: this.#logTime, command: encode(command) };
    return this.catalog.apply(entry);
  }
}

/** The first attempt sells, but its answer is lost; `then` is what becomes of those after it. */
function stage(then: (store: Store, params: BuyParams) => Promise<Outcome>) {
  const store = new Store();
  let attempts = 0;
  const answer: Answer = async ({ params }) => {
    attempts += 1;
    if (attempts > 1) return then(store, params as BuyParams);
    await store.buy(params as BuyParams);
    store.replaceOrderLeader();
    const details = { unknown: true };
    throw new BazarError('unavailable', 'the connection was lost', { details });
  };
  const staged = stageOperations(answer);
  staged.versions.heardLogTime(store.catalog.lastLogTime);
  const placed = staged.operations.buy({ id: 1, quantity: 1 }, staged.soon());
  placed.catch(() => {});
  return { ...staged, store, placed, attempts: () => attempts };
}

t.test('a second attempt in time finds the first sale', async (t) => {
  const { clock, placed, store } = stage((to, params) => to.buy(params));
  await turns();
  clock.advance(5);
  t.match(await placed, { order_number: 1, replayed: true });
  t.equal(store.catalog.lastSale, 1);
});

t.test('a frontend that was paused for minutes does not buy again', async (t) => {
  const { clock, placed, store, attempts } = stage((to, params) => to.buy(params));
  await turns();
  store.passLogTime(longMs);
  clock.advance(longMs);
  await t.rejects(placed, { code: 'deadline_exceeded' }, 'what became of it is not known');
  t.equal(attempts(), 1);
  t.equal(store.catalog.lastSale, 1);
});

t.test('an attempt whose bytes arrive minutes late does not buy again', async (t) => {
  const arrived: Promise<Outcome>[] = [];
  const { clock, placed, store } = stage((to, params) => {
    // The frontend goes on, and hears of newer times; the purchase keeps that of its first attempt.
    to.passLogTime(longMs);
    arrived.push(to.buy(params));
    return new Promise(() => {});
  });
  await turns();
  clock.advance(5);
  await turns();
  t.same(await Promise.all(arrived), [['stale', 0]]);
  t.equal(store.catalog.lastSale, 1);
  placed.catch(() => {});
});

t.test('a purchase is fresh after any time without purchases', async (t) => {
  const { operations, soon } = stageOperations(({ params }) => store.buy(params as BuyParams));
  const store = new Store();
  // An entry moves the log time by 15 s at most, and the frontend may not have heard of it yet.
  store.passLogTime(15_000);
  t.match(await operations.buy({ id: 1, quantity: 1 }, soon()), { order_number: 1 });
});

t.test('a purchase that is too old at its first attempt is refused at once', async (t) => {
  const store = new Store();
  const { operations, soon, asked, versions } = stageOperations(({ params }) =>
    store.buy(params as BuyParams),
  );
  versions.heardLogTime(store.catalog.lastLogTime);
  store.passLogTime(longMs);
  // No clock moves: a second attempt would never begin.
  await t.rejects(operations.buy({ id: 1, quantity: 1 }, soon()), {
    code: 'unavailable',
    details: { unknown: undefined },
  });
  t.equal(asked.length, 1);
  versions.heardLogTime(store.catalog.lastLogTime);
  const again = { id: 1, quantity: 1 };
  t.match(
    await operations.buy(again, soon()),
    { order_number: 1 },
    'another request has another age',
  );
});

t.test('a refusal for age leaves the outcome of an earlier attempt unknown', async (t) => {
  const { clock, placed, attempts } = stage((to, params) => {
    to.passLogTime(longMs);
    return to.buy(params);
  });
  await turns();
  clock.advance(5);
  await t.rejects(placed, { code: 'deadline_exceeded', message: /outcome is not known/ });
  t.equal(attempts(), 2);
});

t.test('an attempt that an order leader made older than it was is retried', async (t) => {
  const store = new Store();
  store.passLogTime(longMs);
  let attempts = 0;
  const { operations, soon, clock, versions } = stageOperations(({ params }) => {
    attempts += 1;
    const [key, kind, hash, lines] = params as BuyParams;
    // A leader that has not heard of the catalog yet knows no later time than 0.
    return store.buy(attempts === 1 ? [key, kind, hash, lines, 0] : (params as BuyParams));
  });
  versions.heardLogTime(store.catalog.lastLogTime);
  const placed = operations.buy({ id: 1, quantity: 1 }, soon());
  await turns();
  clock.advance(5);
  t.match(await placed, { order_number: 1 });
});
