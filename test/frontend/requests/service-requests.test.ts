import t from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import type { Sale } from '../../../src/wire/internal.js';
import type { LookupAnswer } from '../../../src/wire/thread-requests.js';
import { epoch, type Question, stageOperations } from '../staged-operations.js';

const tux: LookupAnswer = [[8, 'Tux', 'toys', 1990, 100, 1], 0, 1];
const sale: Sale = [3, Buffer.alloc(16), [[8, 'Tux', 2, 1990]], 3980, 1_700_000_000_000];

function answer({ method }: Question): unknown {
  return method === 'order' ? sale : tux;
}

function names(asked: readonly Question[]): string[] {
  return asked.map(({ to }) => to);
}

t.test('reads go to the healthy replicas in turn', async (t) => {
  const { operations, asked, balance, soon } = stageOperations(answer);
  balance();
  for (let i = 0; i < 4; i++) await operations.lookup({ id: 8 }, soon());
  for (let i = 0; i < 3; i++) await operations.order({ number: 3 }, soon());
  t.same(names(asked), [
    ...['catalog-1', 'catalog-2', 'catalog-1', 'catalog-2'],
    ...['order-1', 'order-2', 'order-3'],
  ]);
});

t.test('changes go to the leaders', async (t) => {
  const { operations, asked, balance, soon } = stageOperations(({ method }) =>
    method === 'buy' ? ['sold', 1, 1990, false] : tux[0],
  );
  balance();
  for (let i = 0; i < 2; i++) await operations.buy({ id: 8, quantity: 1 }, soon());
  for (let i = 0; i < 2; i++) await operations.updateProduct({ id: 8, add: 1 }, soon());
  t.same(names(asked), ['order-3', 'order-3', 'catalog-2', 'catalog-2']);
});

const ofEarlierBuild = { knowsBatches: false };

t.test('the form of the previous build is not sent after the time of the attempt', async (t) => {
  const { operations, timeouts, soon, clock, versions } = stageOperations(() => {
    // The frontend is stopped until the refusal of the newer form arrives.
    clock.advance(600_000);
    throw new BazarError('invalid_argument', 'this build knows four fields');
  }, ofEarlierBuild);
  versions.heardLogTime(1);
  await t.rejects(operations.buy({ id: 8, quantity: 1 }, soon()));
  const [first = 0, ...later] = timeouts;
  t.ok(first > 0);
  // A client refuses to send a call without time left.
  t.ok(later.length > 0 && later.every((timeoutMs) => timeoutMs <= 0));
});

t.test(
  'a question that a replica cannot answer goes to the leader, and reads avoid it',
  async (t) => {
    const { operations, asked, balance, soon, clock } = stageOperations(({ to }) => {
      if (to === 'catalog-1') throw new BazarError('unavailable', 'no leader could vouch');
      return tux;
    });
    balance();
    const first = operations.lookup({ id: 8 }, soon());
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
    t.equal((await first).name, 'Tux');
    t.same(names(asked), ['catalog-1', 'catalog-2']);
    for (let i = 0; i < 3; i++) await operations.lookup({ id: 8 }, soon());
    t.same(names(asked).slice(2), ['catalog-2', 'catalog-2', 'catalog-2']);
    clock.advance(1_000);
    asked.length = 0;
    const later = Promise.all([
      operations.lookup({ id: 8 }, soon()),
      operations.lookup({ id: 9 }, soon()),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
    await later;
    t.ok(names(asked).includes('catalog-1'), 'until its rest is over');
  },
);

t.test('a follower’s answer is cached if its leader granted it', async (t) => {
  const { operations, asked, balance, soon } = stageOperations(() => [tux[0], epoch, 1]);
  balance();
  await operations.lookup({ id: 8 }, soon());
  await operations.lookup({ id: 8 }, soon());
  t.same(names(asked), ['catalog-1']);
});

t.test('no question waits for a leader that is known to lead no longer', async (t) => {
  const silence = new Promise(() => {});
  const { operations, asked, backends, soon, clock } = stageOperations(({ to }) =>
    to === 'order-3' ? silence : ['sold', 1, 1990, false],
  );
  const bought = operations.buy({ id: 8, quantity: 1 }, soon());
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  backends.follow({ catalog: 'catalog-1', order: 'order-3' });
  await turn();
  t.same(names(asked), ['order-3'], 'news of the other group is none');
  backends.follow({ catalog: 'catalog-1', order: undefined });
  await turn();
  backends.follow({ catalog: 'catalog-1', order: 'order-3' });
  await turn();
  clock.advance(5);
  await turn();
  t.same(names(asked), ['order-3'], 'a leader that was out of sight for a moment has it already');
  backends.follow({ catalog: 'catalog-1', order: 'order-2' });
  await turn();
  clock.advance(5);
  t.same(await bought, { order_number: 1, total: 19.9 });
  t.same(names(asked), ['order-3', 'order-2']);
  t.same(asked[0]?.params, asked[1]?.params, 'with the same key');
});

t.test('a question that is not idempotent waits for its answer', async (t) => {
  let answered = (_record: unknown): void => {};
  const { operations, asked, backends, soon } = stageOperations(
    () => new Promise((resolve) => (answered = resolve)),
  );
  const updated = operations.updateProduct({ id: 8, add: 1 }, soon());
  await new Promise((resolve) => setImmediate(resolve));
  backends.follow({ catalog: 'catalog-1', order: 'order-3' });
  answered(tux[0]);
  t.equal((await updated).name, 'Tux');
  t.same(names(asked), ['catalog-2']);
});

t.test('an answered question does not wait for another leader', async (t) => {
  const refused = new BazarError('out_of_stock', 'no more', { details: { id: 8, available: 0 } });
  const { operations, backends, soon } = stageOperations(({ method }) => {
    if (method === 'buy') throw refused;
    return tux;
  });
  const { news } = backends;
  let listening = 0;
  let listened = 0;
  const counted: typeof news = (heard) => {
    listening++;
    listened++;
    const forget = news(heard);
    let isOver = false;
    return () => {
      if (!isOver) listening--;
      isOver = true;
      forget();
    };
  };
  Object.assign(backends, { news: counted });
  await operations.lookup({ id: 8 }, soon());
  t.equal(listening, 0, 'after an answer');
  await t.rejects(operations.buy({ id: 8, quantity: 1 }, soon()), { code: 'out_of_stock' });
  t.equal(listening, 0, 'after a failure');
  t.ok(listened >= 2);
});

t.test('an order leader of the previous build gets the form that it supports', async (t) => {
  const forms: number[] = [];
  const { operations, versions, soon } = stageOperations(({ params }) => {
    const { length } = params as readonly unknown[];
    forms.push(length);
    if (length !== 4) throw new BazarError('invalid_argument', 'bad params of buy');
    return ['sold', 1, 1990, false];
  }, ofEarlierBuild);
  t.match(await operations.buy({ id: 8, quantity: 1 }, soon()), { order_number: 1 });
  t.same(forms, [4], 'no member of a build that tells the log time was heard');
  versions.heardLogTime(0);
  t.match(await operations.buy({ id: 8, quantity: 1 }, soon()), { order_number: 1 });
  t.same(forms, [4, 5, 4]);
});
