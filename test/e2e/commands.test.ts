/**
 * The commands as people and scripts run them: what they print, as tables and as JSON, and the exit
 * codes by which a script tells one outcome from another.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Ledger, LedgerMovement } from '../../src/wire/stock-schemas.js';
import type { Order, Placed, Product } from './raw-client.js';
import { type Ran, runBazar } from './run-command.js';
import { Store, usualEngine } from './store.js';
import { until } from './until.js';

const store = new Store(t, 3024);
await store.up('--restock-every', '0', '--workers', '1');

/** Runs a client command that must succeed, and reads its JSON. */
async function json<T>(t: Test, ...args: string[]): Promise<T> {
  const { code, out, err } = await store.bazar([...args, '--json']);
  t.equal(code, 0, `bazar ${args.join(' ')} ${err}`);
  return JSON.parse(out) as T;
}

/** Data goes to stdout alone: where there is none, the reason is on stderr. */
function failed(t: Test, ran: Ran, code: number, reason: RegExp): void {
  t.match(ran, { code, out: '', err: reason });
  t.notMatch(ran.err, /\.js:|\.ts:/, 'and no stack');
}

t.test('search, lookup, buy and order, for machines', async (t) => {
  const { items } = await json<{ items: Product[] }>(t, 'search', 'toys');
  t.equal(items.length, 10);
  const tux = await json<Product>(t, 'lookup', 'Tux');
  t.match(tux, { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100 });
  t.same(await json(t, 'lookup', '8'), tux);
  const placed = await json<Placed>(t, 'buy', 'Tux', '-n', '2', '--key', 'mine');
  t.equal(placed.total, 39.8);
  t.same(await json(t, 'buy', 'Tux', '-n', '2', '--key', 'mine'), { ...placed, replayed: true });
  t.equal((await json<Product>(t, 'lookup', '8')).quantity, 98);
  const order = await json<Order>(t, 'order', String(placed.order_number));
  t.match(order, { number: placed.order_number, name: 'Tux', quantity: 2, total: 39.8 });
});

t.test('and for people', async (t) => {
  const found = await store.bazar(['search', 'distributed systems']);
  t.match(found, { code: 0, err: '', out: /^ID +NAME .*\n[\s\S]*RPCs for Dummies.* 100 / });
  t.match(await store.bazar(['lookup', 'Whale']), { code: 0, out: /Whale +toys +\d+\.\d\d +100 / });
  t.match(await store.bazar(['buy', 'Whale']), {
    code: 0,
    out: /^ORDER +TOTAL\n +\d+ +\d+\.\d\d\n$/,
  });
  t.match(await store.bazar(['order', '1']), { code: 0, out: /Tux +2 +19\.90 +39\.80 / });
  t.match(await store.bazar(['status']), {
    code: 0,
    out: /catalog-1 .*leader[\s\S]*order-1 .*leader/,
  });
});

t.test('every outcome has its exit code, and its reason on stderr', async (t) => {
  const bazar = (...args: string[]) => store.bazar(args);
  failed(t, await bazar('lookup', 'Nix'), 3, /^product not found\n$/);
  failed(t, await bazar('buy', 'Bear', '-n', '101'), 4, /100 are left\n$/);
  failed(t, await bazar('buy', 'Tux', '-n', '1', '--key', 'mine'), 7, /key/);
  failed(t, await bazar('buy', 'Tux', '-n', '0'), 2, /--quantity must be an integer from 1/);
  failed(t, await bazar('audit', '--token', 'guessed'), 6, /token/);
  const nowhere = ['--address', `127.0.0.1:${store.rawPort + 1}`];
  failed(t, await bazar('lookup', 'Tux', ...nowhere), 5, /is the store running/);
  t.equal((await json<Product>(t, 'lookup', 'Tux')).quantity, 98, 'and nothing was sold');
});

if (usualEngine === 'journal') {
  t.test('the ledger has every change of the stock, and only those', walkLedger);
}

t.test('a second start on the same data is refused and disturbs nothing', async (t) => {
  const args = ['up', '--catalogs', '1', '--orders', '1', '--recovery', '0'];
  const logs = ['--log-dir', join(store.folder, 'logs')];
  const second = await runBazar([...args, ...store.place(), ...logs]);
  failed(t, second, 7, /runs on .* already \(launcher pid \d+\)/);
  t.ok(await store.isReady());
});

t.test(
  'secrets are the owner’s, process ids are digits, `down` leaves neither process nor pid file',
  async (t) => {
    const data = join(store.folder, 'data');
    for (const token of ['admin.token', 'cluster.token']) {
      t.equal(statSync(join(data, token)).mode & 0o777, 0o600);
    }
    t.same(store.running(), ['launcher', 'catalog-1', 'order-1', 'frontend-1']);
    const logs = readdirSync(join(store.folder, 'logs')).sort();
    const names = ['catalog-1', 'frontend-1', 'order-1'];
    const files = names.flatMap((name) => [`${name}.log`, `${name}.stderr`]);
    t.same(logs, [...files, 'launcher.log'].sort());
    const down = await runBazar(['down', '--data-dir', data]);
    t.match(down, { code: 0, err: /the store has stopped\n$/ });
    t.same(store.running(), []);
    t.same(
      readdirSync(join(data, 'run')).filter((name) => name.endsWith('.pid')),
      [],
    );
    failed(t, await store.bazar(['lookup', 'Tux']), 5, /is the store running/);
  },
);

async function walkLedger(t: Test): Promise<void> {
  const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
  const ask = async (method: string, path: string, body?: unknown): Promise<Data> => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await store.http(path, { method, headers, ...sent });
    const { data } = (await answer.json()) as { data: Data };
    t.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return data;
  };
  // A new store records changes from the moment on at which its groups have met.
  await until('changes are recorded', async () => {
    await ask('PATCH', '/products/17', { add: 1 });
    return (await json<Ledger>(t, 'ledger', '17')).items.length > 0;
  });

  const hold = (quantity: number, ttl_seconds = 600): Promise<Data> =>
    ask('POST', '/holds', { lines: [{ id: 70, quantity }], ttl_seconds });
  const kite = { id: 70, name: 'Kite', topic: 'toys', price: 2, quantity: 10 };
  await ask('POST', '/products', kite);
  const { order_number: bought } = await ask('POST', '/orders', { id: 70, quantity: 3 });
  const first = await hold(4);
  const part = { lines: [{ id: 70, quantity: 1 }] };
  const confirmed = await ask('POST', `/holds/${first.hold_id}/confirm`, part);
  await ask('POST', `/holds/${(await hold(2)).hold_id}/release`);
  await hold(1, 1);
  await until(
    'the hold expires',
    async () => (await ask('GET', '/products/70/stock')).reserved === 0,
  );
  const damaged = { delta: -1, reason: 'damaged', reference: 'box 3' };
  await ask('POST', '/products/70/adjustments', damaged);
  const some = { lines: [{ id: 70, quantity: 2 }], restock: true };
  const { cancellation_number } = await ask('POST', `/orders/${bought}/cancellations`, some);
  await ask('PATCH', '/products/70', { quantity: 50 });
  await ask('PATCH', '/products/70', { price: 3 });
  const last = await hold(5);
  t.same(await json(t, 'product', 'stock', 'Kite'), {
    ...{ id: 70, available: 45, reserved: 5, on_hand: 50 },
    ...{ received: 52, sold: 4, returned: 2 },
  });
  await ask('DELETE', '/products/70');
  await ask('POST', `/holds/${last.hold_id}/release`);

  const { items } = await json<Ledger>(t, 'ledger', '70');
  const serials = items.flatMap(({ hold_serial = 0 }) => (hold_serial > 0 ? [hold_serial] : []));
  const [one, two, three, four] = [...new Set(serials)].map((hold_serial) => ({ hold_serial }));
  t.same(
    items.map(({ number: _, at: __, ...row }) => row),
    [
      moved('added', [10, 10], [0, 0]),
      moved('sale', [-3, 7], [0, 0], { order_number: bought }),
      moved('hold', [-4, 3], [4, 4], one),
      moved('sale', [0, 3], [-1, 3], { order_number: confirmed.order_number }),
      moved('release', [3, 6], [-3, 0], one),
      moved('hold', [-2, 4], [2, 2], two),
      moved('release', [2, 6], [-2, 0], two),
      moved('hold', [-1, 5], [1, 1], three),
      moved('expiry', [1, 6], [-1, 0], three),
      moved('adjustment', [-1, 5], [0, 0], { reason: 'damaged', reference: 'box 3' }),
      moved('cancellation', [2, 7], [0, 0], { cancellation_number }),
      moved('change', [43, 50], [0, 0]),
      moved('hold', [-5, 45], [5, 5], four),
      moved('removed', [-45, 0], [0, 5]),
      moved('release', [0, 0], [-5, 0], four),
    ],
  );
  const numbers = items.map(({ number }) => number);
  t.same(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );

  const admin = await store.raw();
  const wrong = [{ id: 0 }, { id: '70' }, { id: 70, limit: 0 }, { id: 70, limit: 1001 }];
  for (const params of [...wrong, { id: 70, after: -1 }, { id: 70, after: 'x' }, {}]) {
    const { error } = await admin.ask('ledger', params);
    t.equal(error?.code, 'invalid_argument', JSON.stringify(params));
  }
  for (const method of ['read_stock', 'ledger']) {
    t.equal((await admin.ask(method, { id: 70 })).error?.code, 'unauthenticated', method);
  }
  await admin.get('hello', { protocol: 1, token });
  t.equal((await admin.ask('read_stock', { id: 70 })).error?.code, 'not_found');
  t.match(await admin.get('read_stock', { id: 8 }), { id: 8, available: 98, sold: 2 });
  const paged: LedgerMovement[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Ledger = await admin.get('ledger', { id: 70, after, limit: 2 });
    t.ok(page.items.length <= 2);
    paged.push(...page.items);
    after = page.next;
  }
  t.same(paged, items, 'in pages of two');
  t.match(await store.bazar(['ledger', '70', '--limit', '2']), {
    out: /^NUMBER[^\n]*\n.* added [^\n]*\n.* order \d+\n$/,
    err: `more: --after ${numbers[1]}\n`,
  });
  failed(t, await store.bazar(['product', 'stock', '70']), 3, /^product not found\n$/);
  failed(t, await store.bazar(['ledger', 'Kite']), 3, /^product not found\n$/);
  failed(t, await store.bazar(['ledger', '71']), 3, /^product not found\n$/);
  t.equal((await json<{ ok: boolean }>(t, 'audit')).ok, true);
}

type Data = Readonly<Record<string, unknown>>;

function moved(
  cause: LedgerMovement['cause'],
  [delta, balance]: readonly [number, number],
  [reserved_delta, reserved]: readonly [number, number],
  source: object = {},
): object {
  const on_hand = balance + reserved;
  return { cause, delta, balance, reserved_delta, reserved, on_hand, ...source };
}
