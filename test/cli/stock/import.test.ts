/** Import and export against a frontend that answers from a small stock. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatAddress } from '../../../src/base/address.js';
import { BazarError } from '../../../src/base/errors.js';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { tcpTransport } from '../../../src/net/tcp-transport.js';
import { type Answer, FakeFrontend } from '../../client/fake-frontend.js';
import { fakeIo } from '../fake-io.js';

interface Product {
  id: number;
  name: string;
  topic: string;
  price: number;
  quantity: number;
  version: number;
  restock_to?: number;
  purchase_limit?: { quantity: number; window_seconds: number | null } | null;
}

const head = 'id,name,topic,price,quantity\n';
const exportHead =
  'id,name,topic,price,quantity,restock_to,limit_quantity,limit_window_seconds,version\n';
const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 90, version: 4 };

async function stage(t: Test, own: Readonly<Record<string, Answer>> = {}) {
  const stock = new Map<number, Product>([[8, { ...tux }]]);
  const named = (name: unknown) => [...stock.values()].find((product) => product.name === name);
  const frontend = new FakeFrontend({
    hello: () => ({}),
    lookup: ({ id, name }) => {
      const found = stock.get(Number(id)) ?? named(name);
      if (!found) throw new BazarError('not_found', 'product not found');
      return found;
    },
    search: ({ limit, after }) => {
      const all = [...stock.values()].filter(({ id }) => id > Number(after));
      const items = all.slice(0, Number(limit));
      return all.length > items.length ? { items, next: items.at(-1)?.id } : { items };
    },
    add_product: (params) => {
      const wanted = params as unknown as Product;
      const current = stock.get(wanted.id) ?? named(wanted.name);
      if (current) throw new BazarError('conflict', 'it exists', { details: { current } });
      const id = wanted.id ?? Math.max(...stock.keys()) + 1;
      const product = { ...wanted, id, version: 1 };
      stock.set(id, product);
      return product;
    },
    update_product: (params) => {
      const { id, if_version, ...change } = params as unknown as Product & { if_version?: number };
      const current = stock.get(id) ?? tux;
      if (if_version !== undefined && if_version !== current.version) {
        throw new BazarError('conflict', 'another version', { details: { current } });
      }
      const product = { ...current, ...change, version: current.version + 1 };
      stock.set(id, product);
      return product;
    },
    ...own,
  });
  await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
  t.teardown(() => frontend.close());
  const folder = t.testdir();
  const run = async (args: readonly string[], input?: string, terminal = false) => {
    const io = fakeIo({ terminal, ...(input === undefined ? {} : { input }) });
    const env = { BAZAR_ADDRESS: formatAddress(frontend.address), BAZAR_DATA_DIR: folder };
    const code = await runCli(args, allCommands(), { ...io, env });
    return { code, stdout: io.stdout(), stderr: io.stderr() };
  };
  const file = (text: string): string => {
    const path = join(folder, 'products.csv');
    writeFileSync(path, text);
    return path;
  };
  return { frontend, stock, folder, run, file };
}

t.test('new products are added, changed ones updated, and equal ones left alone', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  const path = file(`${head}8,Tux,toys,17.90,90\n,Kite,toys,4.50,7\n40,Yo-yo,toys,1,2\n`);
  const first = await run(['import', path]);
  t.same(first, {
    code: 0,
    stdout: '2 added, 1 updated, 0 unchanged, 0 rows refused\n',
    stderr: '',
  });
  t.match(stock.get(8), { price: 17.9, quantity: 90 });
  t.match(stock.get(40), { name: 'Yo-yo', price: 1, quantity: 2 });
  const again = await run(['import', path]);
  t.match(again, { stdout: '0 added, 0 updated, 3 unchanged, 0 rows refused\n' });
  t.equal(frontend.of('update_product').length, 1, 'what is the same is not written again');
});

t.test('existing products may be skipped or refused', async (t) => {
  const { stock, run, file } = await stage(t);
  const path = file(`${head}8,Tux,toys,1,100\n`);
  t.match(await run(['import', path, '--existing', 'skip']), { code: 0, stdout: /1 unchanged/ });
  const refused = await run(['import', path, '--existing', 'refuse']);
  t.match(refused, { code: 1, stdout: /1 row refused/, stderr: /^line 2: .*already/ });
  t.same(stock.get(8), tux);
});

t.test('each wrong row is reported with its line, and all others are imported', async (t) => {
  const { stock, run, file } = await stage(t);
  const rows = ',A,t,1,1\n,B,t,-1,1\n,A,t,1,1\n50,Tux,t,1,1\n41,C,t,1,1\n41,D,t,1,1\n';
  const { code, stdout, stderr } = await run(['import', file(head + rows)]);
  t.equal(code, 1);
  t.equal(stdout, '2 added, 0 updated, 0 unchanged, 4 rows refused\n');
  t.match(stderr, /line 3: price/);
  t.match(stderr, /line 4: "A" is already on line 2/);
  t.match(stderr, /line 5: the store has "Tux" under id 8/);
  t.match(stderr, /line 7: id 41 is already on line 6/);
  t.match(stock.get(41), { name: 'C' });
});

t.test('--json prints the problems as data', async (t) => {
  const { run, file } = await stage(t);
  const { stdout, stderr } = await run(['import', file(`${head},B,t,-1,1\n`), '--json']);
  t.match(JSON.parse(stdout), { added: 0, failed: 1, problems: [{ line: 2, message: /price/ }] });
  t.equal(stderr, '');
});

t.test('a dry run reports what would happen, and changes nothing', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  const path = file(`${head},Kite,t,1,1\n,Kite,t,1,1\n8,Whale,t,1,1\n,Tux,toys,1,1\n`);
  const { code, stdout, stderr } = await run(['import', path, '--dry-run']);
  t.equal(code, 1);
  t.match(stdout, /^1 would be added, 1 would be updated, 0 unchanged, 2 rows refused/);
  t.match(stderr, /line 3: "Kite" is already on line 2/);
  t.match(stderr, /line 4: the store has "Tux" under id 8/);
  t.same(frontend.of('add_product'), []);
  t.same([...stock.values()], [tux]);
});

t.test('a row whose answer was lost is added once', async (t) => {
  let lost = true;
  const kite = { id: 9, name: 'Kite', topic: 'toys', price: 1, quantity: 1, version: 1 };
  const { frontend, run, file } = await stage(t, {
    add_product: () => {
      const details = lost ? { unknown: true } : { current: kite };
      const error = new BazarError(lost ? 'unavailable' : 'conflict', 'who knows', { details });
      lost = false;
      throw error;
    },
  });
  const { code, stdout } = await run(['import', file(`${head},Kite,toys,1,1\n`)]);
  t.equal(code, 0);
  t.match(stdout, /1 unchanged/);
  t.equal(frontend.of('add_product').length, 2);
});

t.test('without permission or a store the import ends at once', async (t) => {
  const { frontend, run, file } = await stage(t, {
    add_product: () => {
      throw new BazarError('unauthenticated', 'who are you?');
    },
  });
  const many = Array.from({ length: 2_000 }, (_none, i) => `,Kite ${i},toys,1,1\n`).join('');
  const path = file(head + many);
  t.match(await run(['import', path, '--rows-at-once', '4']), { code: 6, stdout: '' });
  t.ok(frontend.of('add_product').length < 100, 'not once a row');
  await frontend.close();
  t.match(await run(['import', path]), { code: 5, stderr: /nothing listens on/ });
});

t.test('missing and invalid files are reported', async (t) => {
  const { run, folder, file } = await stage(t);
  const nowhere = join(folder, 'nowhere.csv');
  t.same(await run(['import', nowhere]), {
    code: 3,
    stdout: '',
    stderr: `the file ${nowhere} does not exist\n`,
  });
  t.match(await run(['import', folder]), { code: 2, stderr: /is a folder/ });
  t.match(await run(['import', file('a,b\n1,2\n')]), { code: 2, stderr: /unknown column/ });
  t.match(await run(['import']), { code: 2 });
});

t.test('an export can be imported, also through a pipe', async (t) => {
  const { run } = await stage(t);
  const { code, stdout, stderr } = await run(['export']);
  t.equal(code, 0);
  t.equal(stdout, `${exportHead}8,Tux,toys,19.9,90,,,,4\n`);
  t.equal(stderr, '1 product\n');
  t.match(await run(['import'], stdout), { code: 0, stdout: /1 unchanged/ });
});

t.test('an export reads every page, in both formats', async (t) => {
  const { stock, run, folder } = await stage(t);
  for (let id = 100; id < 700; id++) {
    stock.set(id, { id, name: `P, "${id}"`, topic: 't', price: 1, quantity: 1, version: 1 });
  }
  const { stdout } = await run(['export', '--format', 'json']);
  const { products } = JSON.parse(stdout);
  t.equal(products.length, 601);
  t.same(Object.keys(products[0]), ['id', 'name', 'topic', 'price', 'quantity', 'version']);
  const path = join(folder, 'out.csv');
  t.match(await run(['export', path]), {
    code: 0,
    stdout: '',
    stderr: `601 products in ${path}\n`,
  });
  t.match(await run(['import', path]), { code: 0, stdout: /0 added, 0 updated, 601 unchanged/ });
  t.equal(readFileSync(path, 'utf8').split('\n').length, 603);
});

t.test('an export that fails leaves no file', async (t) => {
  const { frontend, run, folder } = await stage(t);
  await frontend.close();
  t.match(await run(['export', join(folder, 'out.csv')]), { code: 5 });
  t.notOk(existsSync(join(folder, 'out.csv')));
  t.same(readdirSync(folder), []);
});

t.test('an export to a .json file is JSON by default', async (t) => {
  const { run, folder } = await stage(t);
  const path = join(folder, 'out.json');
  t.match(await run(['export', path]), { code: 0 });
  t.match(JSON.parse(readFileSync(path, 'utf8')), { products: [{ id: 8, name: 'Tux' }] });
  t.match(await run(['export', path, '--format', 'csv']), { code: 0 });
  t.ok(readFileSync(path, 'utf8').startsWith(exportHead));
});

t.test('an export to a missing folder is refused', async (t) => {
  const { run, folder } = await stage(t);
  const nowhere = join(folder, 'nowhere');
  t.same(await run(['export', join(nowhere, 'out.csv')]), {
    code: 3,
    stdout: '',
    stderr: `the folder ${nowhere} does not exist\n`,
  });
  t.match(await run(['export', folder]), { code: 2, stderr: /is a folder\n/ });
});

t.test('an import does not restore stock that was sold since the export', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  const { stdout: exported } = await run(['export']);
  stock.set(8, { ...tux, quantity: 87, version: 5 });
  const path = file(exported.replace(',90,', ',95,'));
  const refused = await run(['import', path]);
  t.match(refused, { code: 1, stdout: /0 updated.*1 row refused/ });
  t.match(refused.stderr, /^line 2: "Tux" has changed .*version 4; now 5, with 87 left.*--force/);
  t.match(await run(['import', path, '--dry-run']), { code: 1, stderr: refused.stderr });
  t.same(frontend.of('update_product'), []);
  t.match(await run(['import', path, '--force']), { code: 0, stdout: /1 updated/ });
  t.match(stock.get(8), { quantity: 95 });
});

t.test('a sale between look-up and update makes the row a conflict', async (t) => {
  const { stock, run, file } = await stage(t, {
    lookup: () => ({ ...tux, version: 3, quantity: 91 }),
  });
  const path = file('name,quantity,version\nTux,95,3\n');
  t.match(await run(['import', path]), { code: 1, stderr: /version 3; now 4, with 90 left/ });
  t.same(stock.get(8), tux);
});

t.test('an exported row may change stock or price of a product that did not change', async (t) => {
  const { stock, run, file } = await stage(t);
  const { stdout: exported } = await run(['export']);
  t.match(await run(['import', file(exported.replace(',90,', ',95,'))]), { stdout: /1 updated/ });
  t.match(stock.get(8), { quantity: 95, version: 5 });
  const cheaper = file('name,price,version\nTux,17.9,4\n');
  t.match(await run(['import', cheaper]), { code: 0, stdout: /1 updated/ }, 'prices are not sold');
  t.match(stock.get(8), { price: 17.9, quantity: 95 });
});

t.test('columns that are absent or unchanged are left alone', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  t.match(await run(['import', file('name,price\nTux,17.9\n')]), { code: 0, stdout: /1 updated/ });
  t.same(frontend.of('update_product'), [{ id: 8, price: 17.9 }]);
  t.match(stock.get(8), { topic: 'toys', quantity: 90 });
  const { code, stderr } = await run(['import', file('name,price\nKite,1\n')]);
  t.equal(code, 1);
  t.match(stderr, /line 2: the store has no "Kite", and a new product also needs topic, quantity/);
});

t.test('a file in another encoding is refused before any row is imported', async (t) => {
  const { frontend, run, file } = await stage(t);
  const path = file('');
  writeFileSync(path, Buffer.from(`${head},Kite,toys,1,1\n,Größe,toys,1,1\n`, 'latin1'));
  const { code, stderr } = await run(['import', path]);
  t.equal(code, 2);
  t.match(stderr, /products\.csv, line 3, column 4: bytes that are not UTF-8; .*--encoding latin1/);
  t.same(frontend.of('add_product'), []);
  const taken = await run(['import', path, '--encoding', 'latin1']);
  t.match(taken, { code: 0, stdout: /2 added/ });
  t.match(frontend.of('add_product').at(-1), { name: 'Größe' });
});

t.test('an export with another delimiter has a decimal comma, and can be imported', async (t) => {
  const { run } = await stage(t);
  const { stdout } = await run(['export', '--delimiter', ';']);
  t.equal(
    stdout,
    'id;name;topic;price;quantity;restock_to;limit_quantity;limit_window_seconds;version\n8;Tux;toys;19,9;90;;;;4\n',
  );
  t.match(await run(['import', '--delimiter', ';'], stdout), { code: 0, stdout: /1 unchanged/ });
});

t.test('control characters of names are written to a file but not to a terminal', async (t) => {
  const name = 'Tux\u001b[2J\u009b2J';
  const { stock, run, file } = await stage(t);
  stock.set(8, { ...tux, name });
  t.match((await run(['export'])).stdout, name);
  const { stdout } = await run(['export'], undefined, true);
  t.equal(stdout, `${exportHead}8,Tux�[2J�2J,toys,19.9,90,,,,4\n`);
  const json = (await run(['export', '--json'], undefined, true)).stdout;
  t.notOk(json.includes('\u001b') || json.includes('\u009b'));
  t.equal(JSON.parse(json).products[0].name, name);
  // A message may quote the file: here a name that its head does not know.
  const { stderr } = await run(['import', file(`name,${name}\n`)], undefined, true);
  t.notOk(stderr.includes('\u001b'), stderr);
});

t.test('restock targets are exported and imported, and an empty cell means none', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  stock.set(8, { ...tux, restock_to: 100 });
  const { stdout } = await run(['export']);
  t.equal(stdout, `${exportHead}8,Tux,toys,19.9,90,100,,,4\n`);
  t.match(await run(['import'], stdout), { code: 0, stdout: /1 unchanged/ });
  t.match(JSON.parse((await run(['export', '--json'])).stdout).products, [{ restock_to: 100 }]);
  const rows = 'Tux,toys,19.9,90,\nKite,toys,1,1,\nYo-yo,toys,1,1,7\n';
  await run(['import', file(`name,topic,price,quantity,restock_to\n${rows}`)]);
  t.same(frontend.of('update_product'), [{ id: 8, restock_to: null }]);
  const added = frontend.of('add_product').filter(({ name }) => name !== 'Tux');
  t.same(added.map((each) => each.restock_to).sort(), [7, undefined]);
});

t.test('purchase limits are exported and imported, and an empty cell means none', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  const daily = { quantity: 2, window_seconds: 86_400 };
  stock.set(8, { ...tux, purchase_limit: daily });
  const { stdout } = await run(['export']);
  t.equal(stdout, `${exportHead}8,Tux,toys,19.9,90,,2,86400,4\n`);
  t.match(await run(['import'], stdout), { code: 0, stdout: /1 unchanged/ });
  t.match(JSON.parse((await run(['export', '--json'])).stdout).products, [
    { purchase_limit: daily },
  ]);
  const columns = 'name,topic,price,quantity,limit_quantity,limit_window_seconds\n';
  const rows = 'Tux,toys,19.9,90,2,\nKite,toys,1,1,,\nYo-yo,toys,1,1,3,60\n';
  await run(['import', file(columns + rows)]);
  await run(['import', file(`${columns}Tux,toys,19.9,90,none,none\n`)]);
  t.same(frontend.of('update_product'), [
    { id: 8, purchase_limit: { quantity: 2, window_seconds: null } },
    { id: 8, purchase_limit: null },
  ]);
  const limitOf = (name: string): unknown =>
    frontend.of('add_product').find((each) => each.name === name)?.purchase_limit;
  t.equal(limitOf('Kite'), undefined);
  t.same(limitOf('Yo-yo'), { quantity: 3, window_seconds: 60 });
  const wrong = await run(['import', file(`${columns}Tux,toys,1,1,,60\nBear,toys,1,1,0,60\n`)]);
  t.match(wrong, { code: 1, stderr: /line 2: limit_window_seconds needs a limit_quantity/ });
  t.match(wrong.stderr, /line 3: .*purchase_limit/);
  const alone = await run(['import', file('name,limit_quantity\nTux,2\n')]);
  t.match(alone, { code: 2, stderr: /belong together/ });
});
