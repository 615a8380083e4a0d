/**
 * The commands as people and scripts run them: what they print, as tables and as JSON, and the exit
 * codes by which a script tells one outcome from another.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Order, Placed, Product } from './raw-client.js';
import { type Ran, runBazar } from './run-command.js';
import { Store } from './store.js';

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
