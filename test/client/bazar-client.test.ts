/** The client library against frontends of a memory network: keys, retries, failover, refusals. */
import t from 'tap';
import { waitingClock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import { seededRandom } from '../../src/base/random.js';
import { BazarClient, type BazarClientOptions } from '../../src/client/bazar-client.js';
import { MemoryNetwork } from '../support/memory-transport.js';
import { type Answer, FakeFrontend, hangUp, silence } from './fake-frontend.js';

const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };
const placed = { order_number: 1, total: 19.9 };

async function stage(...frontends: Readonly<Record<string, Answer>>[]) {
  const network = new MemoryNetwork(waitingClock);
  const fakes: FakeFrontend[] = [];
  for (const [index, answers] of frontends.entries()) {
    const address = { host: `frontend-${index + 1}`, port: 8181 };
    const fake = new FakeFrontend(answers);
    fakes.push(await fake.listen(network.transport(address.host), address));
  }
  const addresses = fakes.map(({ address }) => address);
  const client = (options: Partial<BazarClientOptions> = {}): BazarClient =>
    new BazarClient({
      addresses,
      clock: waitingClock,
      random: seededRandom(1),
      transport: network.transport('client'),
      ...options,
    });
  return { network, fakes, client };
}

/** Fails the first calls with these, then answers. */
function failing(errors: unknown[], result: unknown): Answer {
  return () => {
    const error = errors.shift();
    if (error === undefined) return result;
    if (error instanceof Error) throw error;
    return error;
  };
}

t.test('the client sends the methods and fields of the wire', async (t) => {
  const order = {
    number: 1,
    name: 'Tux',
    quantity: 1,
    lines: [{ id: 8, name: 'Tux', quantity: 1, price: 19.9 }],
    total: 19.9,
    at: '2030-01-01T00:00:00.000Z',
  };
  const { fakes, client } = await stage({
    lookup: () => tux,
    search: () => ({ items: [tux], next: 8 }),
    order: () => order,
    orders: () => ({ items: [order] }),
    add_product: () => tux,
    update_product: () => tux,
    remove_product: () => tux,
    ping: () => ({}),
    status: () => ({ members: [], frontends: [] }),
    audit: () => ({ ok: true, sales: 0, orders: 0, products: [], replicas: [], problems: [] }),
  });
  const bazar = client();
  t.same(await bazar.lookup({ name: 'Tux' }), tux);
  t.same(await bazar.search({ topic: 'toys', limit: 1 }), { items: [tux], next: 8 });
  t.same(await bazar.order(1), order);
  t.same(await bazar.orders({ after: 0 }), { items: [order] });
  await bazar.addProduct({ name: 'Tux', topic: 'toys', price: 19.9, quantity: 1 });
  await bazar.updateProduct({ id: 8, price: 2, if_version: 1 });
  await bazar.removeProduct({ id: 8 });
  await bazar.ping();
  t.same((await bazar.status()).members, []);
  t.equal((await bazar.audit()).ok, true);
  t.same(fakes[0]?.asked, [
    { method: 'lookup', params: { name: 'Tux' } },
    { method: 'search', params: { topic: 'toys', limit: 1 } },
    { method: 'order', params: { number: 1 } },
    { method: 'orders', params: { after: 0 } },
    { method: 'add_product', params: { name: 'Tux', topic: 'toys', price: 19.9, quantity: 1 } },
    { method: 'update_product', params: { id: 8, price: 2, if_version: 1 } },
    { method: 'remove_product', params: { id: 8 } },
    { method: 'ping', params: {} },
    { method: 'status', params: {} },
    { method: 'audit', params: {} },
  ]);
  bazar.close();
});

t.test('the stock and the ledger of a product are read, and checked', async (t) => {
  const levels = {
    ...{ id: 8, available: 3, reserved: 2, on_hand: 5 },
    ...{ received: 9, sold: 4, returned: 0 },
  };
  const movement = {
    ...{ number: 7, at: '2030-01-01T00:00:00.000Z', cause: 'sale', order_number: 4 },
    ...{ delta: -1, balance: 3, reserved_delta: 0, reserved: 2, on_hand: 5 },
  };
  const { fakes, client } = await stage({
    read_stock: failing([{ ...levels, sold: undefined }], levels),
    ledger: failing([{ items: [{ ...movement, balance: '3' }] }], { items: [movement], next: 7 }),
  });
  const bazar = client();
  await t.rejects(bazar.readStock({ id: 8 }), { code: 'internal' });
  t.same(await bazar.readStock({ id: 8 }), levels);
  await t.rejects(bazar.ledger({ id: 8 }), { code: 'internal' });
  t.same(await bazar.ledger({ id: 8, after: 2, limit: 1 }), { items: [movement], next: 7 });
  t.same(fakes[0]?.of('ledger'), [{ id: 8 }, { id: 8, after: 2, limit: 1 }]);
  bazar.close();
});

t.test(
  'a purchase keeps its key when its outcome is unknown, and takes a new one next',
  async (t) => {
    const { fakes, client } = await stage({
      buy: failing(
        [hangUp, new BazarError('unavailable', 'no leader', { details: { unknown: true } })],
        placed,
      ),
    });
    const bazar = client();
    t.same(await bazar.buy({ id: 8, quantity: 1 }), placed);
    const keys = fakes[0]?.of('buy').map(({ key }) => key) ?? [];
    t.equal(keys.length, 3);
    t.match(keys[0], /^[0-9a-f-]{36}$/);
    t.equal(new Set(keys).size, 1);
    await bazar.buy({ id: 8, quantity: 1 });
    t.not(fakes[0]?.of('buy').at(-1)?.key, keys[0]);
    bazar.close();
  },
);

t.test('a key of the caller is sent unchanged', async (t) => {
  const { fakes, client } = await stage({ buy: () => placed });
  const bazar = client();
  await bazar.buy({ lines: [{ id: 8, quantity: 2 }], key: 'mine' });
  t.same(fakes[0]?.of('buy'), [{ lines: [{ id: 8, quantity: 2 }], key: 'mine' }]);
  bazar.close();
});

t.test('without a key, a purchase with an unknown outcome is not sent again', async (t) => {
  const unavailable = new BazarError('unavailable', 'no leader');
  const { fakes, client } = await stage({ buy: failing([unavailable], placed) });
  const bazar = client();
  t.same(await bazar.buy({ id: 8, quantity: 1 }, { key: false }), placed, 'it surely had not left');
  t.same(fakes[0]?.of('buy'), [
    { id: 8, quantity: 1 },
    { id: 8, quantity: 1 },
  ]);
  await bazar.buy({ id: 8, quantity: 1, key: 'mine' }, { key: false });
  t.equal(fakes[0]?.of('buy').at(-1)?.key, 'mine', 'one that is given is sent');
  bazar.close();

  for (const lost of [
    hangUp,
    new BazarError('unavailable', 'no leader', { details: { unknown: true } }),
    new BazarError('deadline_exceeded', 'the outcome is not known'),
  ]) {
    const other = await stage({ buy: failing([lost], placed) });
    const shop = other.client();
    await t.rejects(shop.buy({ id: 8, quantity: 1 }, { key: false }));
    t.equal(other.fakes[0]?.asked.length, 1);
    shop.close();
  }
});

t.test('a call with a final answer is not repeated', async (t) => {
  const sold = new BazarError('out_of_stock', 'only 3 are left', { details: { available: 3 } });
  const { fakes, client } = await stage({ buy: failing([sold], placed) });
  const bazar = client();
  await t.rejects(bazar.buy({ id: 8, quantity: 9 }), {
    code: 'out_of_stock',
    details: { available: 3 },
  });
  t.equal(fakes[0]?.asked.length, 1);
  bazar.close();
});

t.test('a change whose outcome is unknown is not sent again', async (t) => {
  const { fakes, client } = await stage({ update_product: failing([hangUp], tux) });
  const bazar = client();
  await t.rejects(bazar.updateProduct({ id: 8, add: 5 }), { code: 'unavailable' });
  t.equal(fakes[0]?.asked.length, 1);
  bazar.close();
});

t.test('a change that certainly had no effect is sent again', async (t) => {
  const { fakes, client } = await stage({
    update_product: failing([new BazarError('unavailable', 'no leader')], tux),
  });
  const bazar = client();
  t.same(await bazar.updateProduct({ id: 8, add: 5 }), tux);
  t.equal(fakes[0]?.asked.length, 2);
  bazar.close();
});

t.test('calls are spread over all frontends', async (t) => {
  const { fakes, client } = await stage({ lookup: () => tux }, { lookup: () => tux });
  const bazar = client();
  await bazar.lookup({ id: 8 });
  // By now both lines stand.
  await new Promise((resolve) => setImmediate(resolve));
  const before = fakes.map((fake) => fake.asked.length);
  for (let i = 0; i < 10; i++) await bazar.lookup({ id: 8 });
  t.same(
    fakes.map((fake, i) => fake.asked.length - (before[i] ?? 0)),
    [5, 5],
  );
  bazar.close();
});

t.test('when a frontend dies the others answer, with the same key', async (t) => {
  const keys: unknown[] = [];
  const { fakes, network, client } = await stage(
    {
      lookup: () => tux,
      buy: ({ key }) => {
        keys.push(key);
        network.kill('frontend-1');
        return silence;
      },
    },
    {
      lookup: () => tux,
      buy: ({ key }) => {
        keys.push(key);
        return placed;
      },
    },
  );
  const bazar = client();
  await bazar.lookup({ id: 8 });
  await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 6; i++) t.same(await bazar.buy({ id: 8, quantity: 1 }), placed);
  t.equal(fakes[0]?.of('buy').length, 1);
  t.equal(keys.length, 7);
  t.equal(new Set(keys).size, 6, 'the purchase that failed over kept its key');
  bazar.close();
});

t.test('a call to an unreachable store fails at its deadline, or at once', async (t) => {
  const { network, client } = await stage({}, {});
  network.kill('frontend-1');
  network.kill('frontend-2');
  const unreached = {
    code: 'unavailable',
    message: 'nothing listens on frontend-1:8181 or frontend-2:8181',
    details: { unreached: true },
  };
  const fast = client({ failFast: true });
  await t.rejects(fast.ping(), unreached);
  fast.close();
  const patient = client({ timeoutMs: 100 });
  await t.rejects(patient.ping(), unreached);
  patient.close();
});

t.test('a store that starts within the deadline of the first call answers it', async (t) => {
  const { network, fakes, client } = await stage({});
  network.kill('frontend-1');
  const bazar = client();
  const answer = bazar.lookup({ id: 8 });
  await new Promise((resolve) => setImmediate(resolve));
  const late = new FakeFrontend({ lookup: () => tux });
  const address = fakes[0]?.address ?? { host: '', port: 0 };
  await late.listen(network.transport('frontend-1'), address);
  t.same(await answer, tux);
  bazar.close();
});

t.test('an aborted call rejects with the reason, and is not sent again', async (t) => {
  let asked = () => {};
  const first = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { fakes, client } = await stage({
    buy: () => {
      asked();
      return silence;
    },
    lookup: () => tux,
  });
  const bazar = client();
  const reason = new Error('the customer has left');
  const abort = new AbortController();
  const buying = bazar.buy({ id: 8, quantity: 1 }, { signal: abort.signal });
  await first;
  abort.abort(reason);
  await t.rejects(buying, reason);
  await t.rejects(bazar.lookup({ id: 8 }, { signal: abort.signal }), reason, 'aborted before');
  t.same(
    fakes[0]?.asked.map(({ method }) => method),
    ['buy'],
  );
  t.same(await bazar.lookup({ id: 8 }, { signal: new AbortController().signal }), tux);
  bazar.close();
});

t.test('a call waits until its deadline for a store that was reached before', async (t) => {
  const { network, fakes, client } = await stage({ ping: () => ({}), lookup: () => tux });
  const bazar = client();
  await bazar.ping();
  network.kill('frontend-1');
  const answer = bazar.lookup({ id: 8 });
  const back = new FakeFrontend({ lookup: () => tux });
  const address = fakes[0]?.address ?? { host: '', port: 0 };
  await back.listen(network.transport('frontend-1'), address);
  t.same(await answer, tux);
  network.kill('frontend-1');
  await t.rejects(bazar.lookup({ id: 8 }, { timeoutMs: 50 }), {
    code: /^(unavailable|deadline_exceeded)$/,
  });
  bazar.close();
});

t.test('the token is sent first, and its refusal is the answer', async (t) => {
  const hello: Answer = ({ token }) => {
    if (token === 'right') return {};
    throw new BazarError('unauthenticated', 'the token is wrong');
  };
  const { fakes, client } = await stage({ hello, orders: () => ({ items: [] }) });
  const good = client({ token: 'right' });
  t.same(await good.orders(), { items: [] });
  t.same(fakes[0]?.asked[0]?.method, 'hello');
  t.match(fakes[0]?.asked[0]?.params, { protocol: 1, token: 'right' });
  good.close();
  const bad = client({ token: 'wrong' });
  await t.rejects(bad.orders(), { code: 'unauthenticated', message: 'the token is wrong' });
  bad.close();
});

t.test('an answer of another shape is an error, not a value', async (t) => {
  const { client } = await stage({ lookup: () => ({ id: 'eight' }) });
  const bazar = client();
  await t.rejects(bazar.lookup({ id: 8 }), { code: 'internal' });
  bazar.close();
});

t.test('a call ends with its deadline', async (t) => {
  const { client } = await stage({ lookup: () => silence });
  const bazar = client();
  await t.rejects(bazar.lookup({ id: 8 }, { timeoutMs: 30 }), { code: 'deadline_exceeded' });
  bazar.close();
});

t.test('an invalid address is refused', async (t) => {
  t.throws(() => new BazarClient({ addresses: ['8181'] }), { code: 'invalid_argument' });
});
