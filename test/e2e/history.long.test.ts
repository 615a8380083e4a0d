/**
 * Two frontends, readers and buyers on connections to both, leaders and a frontend killed meanwhile:
 * all that anybody was told can be true together. And a change that nobody recorded is found.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runBazar } from './run-command.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { until } from './until.js';

const size = { catalogs: 2, orders: 1, recovery: 1, frontends: 2 };

/** For machines that are busy with other things. */
const loadLimitMs = 100_000;

interface Report {
  readonly ok: boolean;
  readonly check: {
    readonly operations: number;
    readonly products: number;
    readonly orders: number;
    readonly problems: readonly string[];
  };
}

t.test('what customers of two frontends are told can be true together', async (t) => {
  const store = new Store(t, 3304, size);
  await upWithStock(store);
  const file = join(store.folder, 'history.jsonl');
  const isThere = (number: number) =>
    until(`order ${number} is there`, () => hasOrder(store, number));
  const load = (...flags: string[]) => {
    const check = ['load', '--json', '--check', '--restock-to', '0', ...store.place()];
    return runBazar([...check, ...flags], '', loadLimitMs);
  };

  const some = ['--clients', '8', '--requests', '500', '--buy-probability', '0.4'];
  const told = load(...some, '--history', file);
  await isThere(40);
  await store.kill(await store.leader('catalog'));
  await isThere(80);
  await store.kill('frontend-2');
  await isThere(120);
  await store.kill('order-1');
  const { code, out, err } = await told;
  t.equal(code, 0, err);
  const { check } = JSON.parse(out) as Report;
  t.same(check.problems, []);
  t.ok(check.orders > 120 && check.operations > 500);
  t.equal((await store.bazar(['load', '--check-file', file])).code, 0);

  const blind = load('--clients', '4', '--requests', '400', '--buy-probability', '0.4');
  await isThere(check.orders + 40);
  t.equal(await addOne(store, 1), 200);
  const found = await blind;
  t.equal(found.code, 1, found.err);
  t.match((JSON.parse(found.out) as Report).check.problems, [/product 1/]);
  t.equal(await store.down(), 0);
});

/** Over HTTP: a command would take longer than the load. */
async function addOne(store: Store, id: number): Promise<number> {
  const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ add: 1 });
  return (await store.http(`/products/${id}`, { method: 'PATCH', headers, body })).status;
}

async function hasOrder(store: Store, number: number): Promise<boolean> {
  return (await store.http(`/orders/${number}`)).ok;
}
