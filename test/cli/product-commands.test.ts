/** The commands that limit and adjust products, against a frontend that answers as told. */
import t from 'tap';
import { stageCommands as stage } from './staged-commands.js';

const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };

t.test('a product gets, shows and loses a purchase limit', async (t) => {
  const limited = { ...tux, purchase_limit: { quantity: 2, window_seconds: 86_400 } };
  const { frontend, run } = await stage(t, {
    add_product: () => limited,
    update_product: () => tux,
    lookup: () => limited,
    search: () => ({ items: [limited, { ...tux, id: 9, name: 'Bear' }] }),
  });
  const add = ['product', 'add', 'Tux', '--topic', 'toys', '--price', '1'];
  const added = await run(...add, '--purchase-limit', '2', '--limit-window', '86400');
  t.match(added, { code: 0, stdout: /LIMIT +RESTOCK TO\n.* 2 in 86400 s +none\n/ });
  for (const flags of [
    ['--purchase-limit', '3'],
    ['--purchase-limit', '3', '--limit-window', 'none'],
  ]) {
    t.match(await run('product', 'set', '8', ...flags), { code: 0 });
  }
  t.match(await run('product', 'set', '8', '--purchase-limit', 'none'), { code: 0 });
  t.match(await run('product', 'set', '8', '--no-purchase-limit'), { code: 0 });
  t.match(frontend.of('add_product'), [{ purchase_limit: limited.purchase_limit }]);
  const lasting = { id: 8, purchase_limit: { quantity: 3, window_seconds: null } };
  const none = { id: 8, purchase_limit: null };
  t.same(frontend.of('update_product'), [lasting, lasting, none, none]);
  t.match(await run('lookup', 'Tux'), { stdout: /VERSION +LIMIT\n.* 2 in 86400 s\n/ });
  t.match(await run('search', 'toys'), { stdout: /Tux .* 2 in 86400 s\n.*Bear .* none\n/ });
  for (const flags of [
    ['--purchase-limit', '0'],
    ['--purchase-limit', 'x'],
    ['--limit-window', '5'],
  ]) {
    t.match(await run('product', 'set', '8', ...flags), { code: 2 }, flags.join(' '));
  }
});

t.test('an adjustment needs a reason, and a difference or a count', async (t) => {
  const adjusted = { id: 8, delta: -2, on_hand: 98, reserved: 3, available: 95, version: 2 };
  const { frontend, run } = await stage(t, { lookup: () => tux, adjust_stock: () => adjusted });
  const adjust = ['product', 'adjust', 'Tux'];
  const done = await run(...adjust, '--delta', '-2', '--reason', 'damaged', '--key', 'k');
  t.match(done, {
    code: 0,
    stdout: /^ID +DELTA +ON HAND +RESERVED +AVAILABLE +VERSION\n +8 +-2 +98 +3 +95 +2\n$/,
  });
  const counted = await run(
    ...adjust,
    '--count',
    '98',
    '--reason',
    'count',
    '--reference',
    'list 4',
    '--json',
  );
  t.same(JSON.parse(counted.stdout), adjusted);
  t.match(frontend.of('adjust_stock'), [
    { id: 8, delta: -2, reason: 'damaged', key: 'k' },
    { id: 8, count: 98, reason: 'count', reference: 'list 4' },
  ]);
  t.match(await run(...adjust, '--reason', 'count'), { code: 2, stderr: /--delta or --count/ });
  const both = ['--delta', '1', '--count', '1', '--reason', 'count'];
  t.match(await run(...adjust, ...both), { code: 2, stderr: /--delta or --count/ });
  t.match(await run(...adjust, '--delta', '1'), { code: 2, stderr: /give --reason/ });
  t.match(await run(...adjust, '--delta', '1', '--reason', 'theft'), { code: 2 });
});
