/** The load client's bookkeeping, against a store that is honest and ones that are not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatAddress } from '../../../src/base/address.js';
import { BazarError } from '../../../src/base/errors.js';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { tcpTransport } from '../../../src/net/tcp-transport.js';
import { type Answer, FakeFrontend, hangUp } from '../../client/fake-frontend.js';
import { fakeIo } from '../fake-io.js';

const products = [
  { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 },
  { id: 9, name: 'Whale', topic: 'toys', price: 34.99, quantity: 100, version: 1 },
];

/** An honest store: it sells without end and remembers each order by number and by key. */
class HonestStore {
  readonly orders = new Map<number, Record<string, unknown>>();
  readonly #numbers = new Map<string, number>();

  answers(): Record<string, Answer> {
    return {
      ping: () => ({}),
      search: ({ after }) =>
        after === 0 ? { items: [products[0]], next: 8 } : { items: [products[1]] },
      lookup: (params) => this.#product(params),
      buy: (params) => this.buy(params),
      order: ({ number }) => {
        const order = this.orders.get(Number(number));
        if (!order) throw new BazarError('not_found', 'order not found');
        return order;
      },
    };
  }

  buy(params: Record<string, unknown>): { order_number: number; total: number } {
    const { id, name, price } = this.#product(params);
    const quantity = Number(params.quantity);
    const key = String(params.key);
    const total = Math.round(price * quantity * 100) / 100;
    const number = this.#numbers.get(key) ?? this.orders.size + 1;
    this.#numbers.set(key, number);
    const lines = [{ id, name, quantity, price }];
    this.orders.set(number, { number, name, quantity, lines, total, at: 'today' });
    return { order_number: number, total };
  }

  #product({ id, name }: Record<string, unknown>) {
    const found = products.find((one) => one.id === id || one.name === name);
    if (!found) throw new BazarError('not_found', 'product not found');
    return found;
  }
}

async function stage(t: Test, answers: Readonly<Record<string, Answer>>) {
  const frontend = new FakeFrontend(answers);
  await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
  t.teardown(() => frontend.close());
  const run = async (...args: string[]) => {
    const io = fakeIo();
    const address = ['--address', formatAddress(frontend.address)];
    const code = await runCli(['load', ...address, ...args], allCommands(), io);
    return { code, stdout: io.stdout(), stderr: io.stderr() };
  };
  return { frontend, run };
}

t.test(
  'sends the given number of requests over all products and verifies each order',
  async (t) => {
    const store = new HonestStore();
    const { frontend, run } = await stage(t, store.answers());
    const args = ['--clients', '3', '--requests', '200', '--buy-probability', '0.5', '--json'];
    const { code, stdout } = await run(...args);
    const report = JSON.parse(stdout);
    t.equal(code, 0);
    const sold = store.orders.size;
    t.ok(sold > 50 && sold < 150);
    t.match(report, { ok: true, sold, verified: sold, unverified: 0, mismatches: [], errors: {} });
    t.equal(report.lookups.count + report.purchases.count, 200);
    t.equal(report.purchases.count, sold);
    t.equal(frontend.of('order').length, sold);
    const asked = new Set(frontend.of('lookup').map(({ id, name }) => id ?? name));
    t.same([...asked].sort(), ['Tux', 'Whale', 8, 9].sort());
    t.ok(
      frontend.of('buy').every(({ quantity }) => Number(quantity) >= 1 && Number(quantity) <= 3),
    );
  },
);

t.test('the same seed makes the same requests, with other keys', async (t) => {
  const store = new HonestStore();
  const { frontend, run } = await stage(t, store.answers());
  const args = ['--clients', '1', '--requests', '40', '--seed', '7'];
  await run(...args);
  const first = frontend.asked.splice(0);
  await run(...args);
  const wants = (asked: typeof first): unknown[] =>
    asked
      .filter(({ method }) => method === 'buy' || method === 'lookup')
      .map(({ method, params: { key: _key, ...rest } }) => ({ method, ...rest }));
  t.same(wants(frontend.asked), wants(first));
  const keys = [...first, ...frontend.asked].flatMap(({ params }) => params.key ?? []);
  t.equal(new Set(keys).size, keys.length);
});

t.test('out of stock is an answer, and other refusals are counted by code', async (t) => {
  const codes = ['out_of_stock', 'internal', 'out_of_stock', 'conflict'] as const;
  let calls = 0;
  const { run } = await stage(t, {
    ...new HonestStore().answers(),
    buy: () => {
      const code = codes[calls++ % codes.length] ?? 'internal';
      throw new BazarError(code, code);
    },
  });
  const { code, stdout } = await run('--requests', '8', '--buy-probability', '1', '--json');
  t.equal(code, 0);
  t.match(JSON.parse(stdout), { out_of_stock: 4, errors: { internal: 2, conflict: 2 }, sold: 0 });
});

t.test('a lost answer is repeated, and buys once', async (t) => {
  const store = new HonestStore();
  let calls = 0;
  const { run } = await stage(t, {
    ...store.answers(),
    buy: (params) => {
      const placed = store.buy(params);
      return ++calls % 3 === 1 ? hangUp : placed;
    },
  });
  const { code, stdout } = await run('--requests', '10', '--buy-probability', '1', '--json');
  t.equal(code, 0);
  t.equal(store.orders.size, 10);
  t.match(JSON.parse(stdout), { sold: 10, verified: 10, errors: {} });
});

t.test('an order number that is acknowledged twice is a mismatch', async (t) => {
  const { run } = await stage(t, {
    ...new HonestStore().answers(),
    buy: () => ({ order_number: 1, total: 1 }),
    order: () => {
      throw new BazarError('not_found', 'order not found');
    },
  });
  const { code, stdout } = await run('--requests', '2', '--buy-probability', '1', '--json');
  t.equal(code, 1);
  t.match(JSON.parse(stdout), {
    ok: false,
    mismatches: [
      /^order 1 was acknowledged twice/,
      'order 1: it was acknowledged, but the order book does not have it',
    ],
  });
});

t.test('an order that differs from its acknowledgement is a mismatch', async (t) => {
  const lies: [string, Record<string, unknown>][] = [
    ['quantity', { quantity: 77 }],
    ['total', { total: 0.01 }],
    ['name', { name: 'Barbie' }],
    ['number', { number: 77 }],
    ['product', { lines: [{ id: 77, name: 'Tux', quantity: 1, price: 19.9 }] }],
    ['sum of the lines', { lines: [{ id: 8, name: 'Tux', quantity: 1, price: 0.5 }] }],
    ['lines', { lines: [] }],
  ];
  for (const [what, lie] of lies) {
    const store = new HonestStore();
    const { run } = await stage(t, {
      ...store.answers(),
      order: ({ number }) => ({ ...store.orders.get(Number(number)), ...lie }),
    });
    const { code, stdout } = await run('--requests', '1', '--buy-probability', '1');
    t.equal(code, 1, what);
    t.match(stdout, new RegExp(`order 1: its ${what} was .* and is `));
  }
});

t.test('acknowledged orders are written to a file, and a later run verifies them', async (t) => {
  const store = new HonestStore();
  const { run } = await stage(t, store.answers());
  const file = join(t.testdir(), 'orders.jsonl');
  await run('--requests', '20', '--buy-probability', '1', '--orders-file', file);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  t.equal(lines.length, 20);
  t.match(await run('--verify', file), { code: 0, stdout: /read back: 20, mismatches: 0/ });
  store.orders.delete(3);
  t.match(await run('--verify', file), { code: 1, stdout: /order 3: .* does not have it/ });
});

t.test('a file with other content is a usage error', async (t) => {
  const { run } = await stage(t, new HonestStore().answers());
  const file = join(t.testdir(), 'orders.jsonl');
  writeFileSync(file, '{"number":1}\n');
  t.match(await run('--verify', file), { code: 2, stderr: /line 1/ });
  t.match(await run('--verify', `${file}.missing`), { code: 2 });
});

t.test('orders that cannot be read back are not counted as verified', async (t) => {
  const { run } = await stage(t, {
    ...new HonestStore().answers(),
    order: () => {
      throw new BazarError('internal', 'broken');
    },
  });
  const { code, stdout } = await run('--requests', '1', '--buy-probability', '1', '--json');
  t.equal(code, 1);
  t.match(JSON.parse(stdout), { ok: false, verified: 0, unverified: 1, mismatches: [] });
});
