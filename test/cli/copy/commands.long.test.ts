/** `bazar store copy` and `bazar store check --rebuild`: usage, output and exit codes. */
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { fakeIo } from '../fake-io.js';
import { emptyStore, fullLog, writeStore } from './stores.js';

async function run(...args: string[]) {
  const io = fakeIo();
  const code = await runCli(['store', ...args], allCommands(), io);
  return { code, out: io.stdout(), err: io.stderr() };
}

t.test('a copy is shown as a table and as JSON', async (t) => {
  const root = t.testdir();
  const [data, back] = [join(root, 'data'), join(root, 'back')];
  const { url, schema } = await emptyStore(t);
  await writeStore(data, fullLog());
  const place = ['--store-schema', schema];
  const there = await run('copy', '--from', data, '--to', url, ...place);
  t.equal(there.code, 0, there.err);
  t.match(there.out, /^orders +6 +6$/m);
  t.match(there.out, /^both sides are equal$/m);
  t.match(there.err, `reading ${data}`);
  const members = ['--catalogs', '1', '--orders', '1', '--recovery', '0'];
  const json = await run('copy', '--from', url, '--to', back, ...place, ...members, '--json');
  t.equal(json.code, 0, json.err);
  const { equal, differences, source, target } = JSON.parse(json.out);
  t.same({ equal, differences }, { equal: true, differences: [] });
  t.match(target, { place: back, orders: 6, problems: [] });
  t.same({ ...source, place: back }, target);
});

t.test('a rebuild needs a log that reaches back, or its source', async (t) => {
  const data = join(t.testdir(), 'data');
  const { url, schema, query } = await emptyStore(t);
  await writeStore(data, fullLog());
  const place = ['--store-schema', schema];
  t.equal((await run('copy', '--from', data, '--to', url, ...place)).code, 0);
  await query('UPDATE products SET price_cents = 1');
  const rebuild = ['check', '--rebuild', '--store', url, ...place];
  const refused = await run(...rebuild);
  t.equal(refused.code, 7);
  t.match(refused.err, /the log begins at entry \d+, not at 1; give the newest copy/);
  const { code, out } = await run(...rebuild, '--from', data);
  t.equal(code, 0);
  t.match(
    out,
    /^3 rows written, 0 rows deleted\nthe tables agree with the log: 2 products, 6 orders/,
  );
});

t.test('a wrong command line is refused', async (t) => {
  for (const [args, said] of [
    [['copy', '--from', 'data'], 'give both --from and --to'],
    [['copy', '--from', 'a', '--to', 'b'], 'use bazar backup and bazar restore'],
    [['copy', '--from', 'postgres://a/b', '--to', 'postgres://a/c'], 'use the tools of the'],
    [['check', '--from', 'data', '--store', 'postgres://a/b'], '--from needs --rebuild'],
  ] as const) {
    const { code, err } = await run(...args);
    t.equal(code, 2, err);
    t.match(err, said);
  }
});
