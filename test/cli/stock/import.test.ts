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
}

const head = 'id,name,topic,price,quantity\n';
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
      const { id, ...change } = params as unknown as Product;
      const product = { ...(stock.get(id) ?? tux), ...change };
      stock.set(id, product);
      return product;
    },
    ...own,
  });
  await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
  t.teardown(() => frontend.close());
  const folder = t.testdir();
  const run = async (args: readonly string[], input?: string) => {
    const io = fakeIo(input === undefined ? {} : { input });
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

t.test('new products are added, others brought up to date, the same left alone', async (t) => {
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

t.test('what exists may be left as it is, or refused', async (t) => {
  const { stock, run, file } = await stage(t);
  const path = file(`${head}8,Tux,toys,1,100\n`);
  t.match(await run(['import', path, '--existing', 'skip']), { code: 0, stdout: /1 unchanged/ });
  const refused = await run(['import', path, '--existing', 'refuse']);
  t.match(refused, { code: 1, stdout: /1 row refused/, stderr: /^line 2: .*already/ });
  t.same(stock.get(8), tux);
});

t.test('each bad row is told with its line, and all others are taken', async (t) => {
  const { stock, run, file } = await stage(t);
  const rows = ',A,t,1,1\n,B,t,-1,1\n,A,t,1,1\n50,Tux,t,1,1\n41,C,t,1,1\n41,D,t,1,1\n';
  const { code, stdout, stderr } = await run(['import', file(head + rows)]);
  t.equal(code, 1);
  t.equal(stdout, '2 added, 0 updated, 0 unchanged, 4 rows refused\n');
  t.match(stderr, /line 3: price/);
  t.match(stderr, /line 4: "A" stands on line 2 already/);
  t.match(stderr, /line 5: the store has "Tux" under id 8/);
  t.match(stderr, /line 7: id 41 stands on line 6 already/);
  t.match(stock.get(41), { name: 'C' });
});

t.test('machines get the problems as data', async (t) => {
  const { run, file } = await stage(t);
  const { stdout, stderr } = await run(['import', file(`${head},B,t,-1,1\n`), '--json']);
  t.match(JSON.parse(stdout), { added: 0, failed: 1, problems: [{ line: 2, message: /price/ }] });
  t.equal(stderr, '');
});

t.test('a dry run tells what would happen, and changes nothing', async (t) => {
  const { frontend, stock, run, file } = await stage(t);
  const path = file(`${head},Kite,t,1,1\n,Kite,t,1,1\n8,Whale,t,1,1\n,Tux,toys,1,1\n`);
  const { code, stdout, stderr } = await run(['import', path, '--dry-run']);
  t.equal(code, 1);
  t.match(stdout, /^1 would be added, 1 would be updated, 0 unchanged, 2 rows refused/);
  t.match(stderr, /line 3: "Kite" stands on line 2 already/);
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

t.test('without the right, or a store, the import ends at once', async (t) => {
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

t.test('files that are none are said so', async (t) => {
  const { run, folder, file } = await stage(t);
  const nowhere = join(folder, 'nowhere.csv');
  t.same(await run(['import', nowhere]), {
    code: 3,
    stdout: '',
    stderr: `there is no file ${nowhere}\n`,
  });
  t.match(await run(['import', folder]), { code: 2, stderr: /is a folder/ });
  t.match(await run(['import', file('a,b\n1,2\n')]), { code: 2, stderr: /no column is called/ });
  t.match(await run(['import']), { code: 2 });
});

t.test('what is exported can be imported, also through a pipe', async (t) => {
  const { run } = await stage(t);
  const { code, stdout, stderr } = await run(['export']);
  t.equal(code, 0);
  t.equal(stdout, `${head}8,Tux,toys,19.9,90\n`);
  t.equal(stderr, '1 product\n');
  t.match(await run(['import'], stdout), { code: 0, stdout: /1 unchanged/ });
});

t.test('an export turns every page, in either form', async (t) => {
  const { stock, run, folder } = await stage(t);
  for (let id = 100; id < 700; id++) {
    stock.set(id, { id, name: `P, "${id}"`, topic: 't', price: 1, quantity: 1, version: 1 });
  }
  const { stdout } = await run(['export', '--format', 'json']);
  const { products } = JSON.parse(stdout);
  t.equal(products.length, 601);
  t.same(Object.keys(products[0]), ['id', 'name', 'topic', 'price', 'quantity']);
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

t.test('an export into a file that is called .json is JSON, unless told otherwise', async (t) => {
  const { run, folder } = await stage(t);
  const path = join(folder, 'out.json');
  t.match(await run(['export', path]), { code: 0 });
  t.match(JSON.parse(readFileSync(path, 'utf8')), { products: [{ id: 8, name: 'Tux' }] });
  t.match(await run(['export', path, '--format', 'csv']), { code: 0 });
  t.ok(readFileSync(path, 'utf8').startsWith(head));
});

t.test('an export into a folder that is none is refused in plain words', async (t) => {
  const { run, folder } = await stage(t);
  const nowhere = join(folder, 'nowhere');
  t.same(await run(['export', join(nowhere, 'out.csv')]), {
    code: 3,
    stdout: '',
    stderr: `there is no folder ${nowhere}\n`,
  });
  t.match(await run(['export', folder]), { code: 2, stderr: /is a folder\n/ });
});
