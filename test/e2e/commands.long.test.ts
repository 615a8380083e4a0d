/** Longer sessions of the commands: the shop, the load, export and import, older clients and the example. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { Product } from './raw-client.js';
import { runProgram } from './run-command.js';
import { Store } from './store.js';

const store = new Store(t, 3690);
const dialectPort = 8116 + store.portOffset;
const dialect = ['--dialect-port', `bazar=${dialectPort}`];
const flags = ['--restock-every', '0', '--workers', '1', ...dialect];
await store.up(...flags);

/** Runs a client command that must succeed, and reads its JSON. */
async function json<T>(t: Test, ...args: string[]): Promise<T> {
  const { code, out, err } = await store.bazar([...args, '--json']);
  t.equal(code, 0, `bazar ${args.join(' ')} ${err}`);
  return JSON.parse(out) as T;
}

t.test('the shop serves a customer over a pipe, whatever is typed', async (t) => {
  const typed = [
    ...['1', 'toys', '2', 'Penguin', '3', 'Penguin', '4', '2', 'Penguin'],
    ...['9', '2', 'Nix', '3', 'Penguin', 'three', '3', 'Penguin', '1000', '4', '9999', '', '5'],
  ];
  const { code, out, err } = await store.bazar(['shop'], `${typed.join('\n')}\n`);
  t.equal(code, 0);
  t.match(out, /Search \[1\] +Info \[2\] +Purchase \[3\] +Order \[4\] +Exit \[5\]/);
  t.match(out, /Hula hoop/);
  t.match(
    out,
    /Penguin +toys +12\.50 +100 [\s\S]*order \d+, total 50\.00\n[\s\S]*Penguin +toys +12\.50 +96 /,
  );
  for (const complaint of [/"9" is not on the menu/, /product not found/, /"three" is not/]) {
    t.match(err, complaint);
  }
  t.match(err, /not enough in stock: 96 are left/);
  t.match(err, /order not found/);
  const left = await store.bazar(['shop'], '1\n');
  t.equal(left.code, 0, 'the end of the input is the customer leaving');
});

t.test(
  'five load clients find every order as it was acknowledged, and the books balance',
  async (t) => {
    const file = join(store.folder, 'orders.jsonl');
    const args = [
      '--clients',
      '5',
      '--requests',
      '1000',
      '--max-quantity',
      '1',
      '--orders-file',
      file,
    ];
    const report = await json<Record<string, unknown>>(t, 'load', ...args);
    t.match(report, { ok: true, errors: {}, mismatches: [], unverified: 0 });
    t.ok(Number(report.sold) > 0);
    t.equal(report.verified, report.sold);
    const audit = await json<{ ok: boolean; orders: number; problems: string[] }>(t, 'audit');
    t.match(audit, { ok: true, problems: [] });

    await store.killAll();
    await store.up(...flags);
    const verified = await json<Record<string, unknown>>(t, 'load', '--verify', file);
    t.match(verified, { ok: true, verified: report.sold, mismatches: [] });
    t.match(await store.bazar(['audit']), { code: 0, out: /the books balance\n$/ });
  },
);

t.test('products go out as CSV and come back, changed where they were changed', async (t) => {
  const { out } = await store.bazar(['export']);
  t.match(
    out,
    /^id,name,topic,price,quantity,restock_to,limit_quantity,limit_window_seconds,version\n1,/,
  );
  const changed = out.replace(/^16,Frisbee,toys,[\d.]+,\d+/m, '16,Frisbee,flying toys,8.99,77');
  const rows = `${changed},Yo-yo,toys,4.5,3,,,,\n18,Tux,toys,1,1,,,,\n`;
  t.match(await store.bazar(['import'], rows), {
    code: 1,
    out: '1 added, 1 updated, 16 unchanged, 1 row refused\n',
    err: /line 20: "Tux" is already on line 9/,
  });
  t.match(await json<Product>(t, 'lookup', 'Frisbee'), { topic: 'flying toys', quantity: 77 });
  t.match(await json<Product>(t, 'lookup', 'Yo-yo'), { id: 18, quantity: 3 });
  t.match(await store.bazar(['import'], rows), { out: /^0 added, 0 updated, 18 unchanged/ });
});

t.test('older clients find their store at a port of its own, and see into the cache', async (t) => {
  const at = `http://127.0.0.1:${dialectPort}`;
  const lookUp = async (): Promise<string> => (await fetch(`${at}/lookup/14`)).text();
  const { quantity } = await json<Product>(t, 'lookup', 'Erector Set');
  const book = (left: number): string => `{"cost":59.0,"quantity":${left},"title":"Erector Set"}`;
  t.equal(await lookUp(), book(quantity));
  const cached = async (): Promise<number[]> => {
    const dump = await store.http('/dialects/bazar-v2/dump/');
    const { lookup } = (await dump.json()) as { lookup: { id: number }[] };
    return lookup.map(({ id }) => id);
  };
  t.ok((await cached()).includes(14));
  t.equal((await fetch(`${at}/invalidate/14`, { method: 'DELETE' })).status, 200);
  t.notOk((await cached()).includes(14), 'no thread keeps it');
  const bought = await fetch(`${at}/buy/14`, { method: 'PUT' });
  t.match(await bought.json(), { book_id: 14, order_id: Number });
  t.equal(await lookUp(), book(quantity - 1));
});

t.test('the example in Python buys', async (t) => {
  const script = fileURLToPath(new URL('../../../docs/examples/buy.py', import.meta.url));
  const found = await runProgram('python3', ['--version']).catch(() => undefined);
  if (found?.code !== 0) {
    t.pass('there is no python3 here');
    return;
  }
  const bought = await runProgram('python3', [script, `127.0.0.1:${store.rawPort}`, 'Frisbee']);
  t.match(bought, { code: 0, err: '', out: /order \d+, total 8\.99[\s\S]*nothing was sold twice/ });
  const unknown = await runProgram('python3', [script, `127.0.0.1:${store.rawPort}`, 'Nix']);
  t.match(unknown, { code: 1, out: '', err: /not_found/ });
});
