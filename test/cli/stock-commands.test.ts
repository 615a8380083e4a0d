/** The commands that show a product's stock and its ledger, against a frontend that answers as told. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { stageCommands as stage } from './staged-commands.js';

const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 5, version: 1 };
const levels = {
  ...{ id: 8, available: 5, reserved: 2, on_hand: 7 },
  ...{ received: 10, sold: 4, returned: 1 },
};
const at = '2030-01-01T00:00:00.000Z';
const base = { at, reserved_delta: 0, reserved: 0 };
const movements = [
  { ...base, number: 3, cause: 'added', delta: 10, balance: 10, on_hand: 10 },
  { ...base, number: 4, cause: 'sale', delta: -4, balance: 6, on_hand: 6, order_number: 2 },
  {
    ...{ number: 9, at, cause: 'hold', delta: -2, balance: 4, on_hand: 6 },
    ...{ reserved_delta: 2, reserved: 2, hold_serial: 5 },
  },
  {
    ...{ ...base, number: 11, cause: 'cancellation', delta: 1, balance: 5, on_hand: 7 },
    ...{ reserved: 2, cancellation_number: 6 },
  },
  {
    ...{ ...base, number: 12, cause: 'adjustment', delta: -1, balance: 4, on_hand: 6 },
    ...{ reserved: 2, reason: 'damaged', reference: 'box 3' },
  },
  {
    ...{ ...base, number: 13, cause: 'restock', delta: 96, balance: 100, on_hand: 102 },
    ...{ reserved: 2, restock_number: 1 },
  },
];

/** Answers as a store with these movements, which gives at most `pageMax` of them at once. */
function pages(pageMax: number) {
  return ({ after = 0, limit = 100 }: { after?: number; limit?: number }) => {
    const rest = movements.filter(({ number }) => number > after);
    const items = rest.slice(0, Math.min(limit, pageMax));
    return items.length === rest.length ? { items } : { items, next: items.at(-1)?.number };
  };
}

t.test('the stock of a product is a table, or JSON', async (t) => {
  const { frontend, run } = await stage(t, { lookup: () => tux, read_stock: () => levels });
  const shown = await run('product', 'stock', 'Tux');
  t.match(shown, {
    code: 0,
    stdout:
      /^ID +AVAILABLE +RESERVED +ON HAND +RECEIVED +SOLD +RETURNED\n +8 +5 +2 +7 +10 +4 +1\n$/,
    stderr: '',
  });
  t.same(JSON.parse((await run('product', 'stock', '8', '--json')).stdout), levels);
  t.same(frontend.of('read_stock'), [{ id: 8 }, { id: 8 }]);
});

t.test('each row of the ledger names what caused it', async (t) => {
  const { run } = await stage(t, { lookup: () => tux, ledger: pages(100) });
  const { code, stdout, stderr } = await run('ledger', 'Tux');
  t.equal(code, 0);
  t.equal(stderr, '', 'this is all');
  const [head = '', ...rows] = stdout.trimEnd().split('\n');
  t.match(head, /^NUMBER +AT +CAUSE +DELTA +BALANCE +RESERVED +ON HAND +OF$/);
  t.same(
    rows.map((row) => row.trim().replace(/ {2,}/g, ' | ').replace(` | ${at}`, '')),
    [
      '3 | added | 10 | 10 | 0 | 10',
      '4 | sale | -4 | 6 | 0 | 6 | order 2',
      '9 | hold | -2 | 4 | 2 | 6 | hold 5',
      '11 | cancellation | 1 | 5 | 2 | 7 | cancellation 6',
      '12 | adjustment | -1 | 4 | 2 | 6 | damaged: box 3',
      '13 | restock | 96 | 100 | 2 | 102 | restock 1',
    ],
  );
});

t.test('the limit counts rows, however few a page of the store has', async (t) => {
  const { frontend, run } = await stage(t, { ledger: pages(2) });
  const first = await run('ledger', '8', '--limit', '3', '--json');
  t.equal(first.code, 0);
  t.equal(first.stderr, 'more: --after 9\n');
  t.same(JSON.parse(first.stdout), { items: movements.slice(0, 3), next: 9 });
  t.same(frontend.of('ledger'), [
    { id: 8, after: 0, limit: 3 },
    { id: 8, after: 4, limit: 1 },
  ]);
  const rest = await run('ledger', '8', '--after', '9', '--json');
  t.same(JSON.parse(rest.stdout), { items: movements.slice(3) });
  t.equal(rest.stderr, '');
});

t.test('a product without movements is a table without rows', async (t) => {
  const { run } = await stage(t, { ledger: () => ({ items: [] }) });
  const shown = await run('ledger', '8');
  t.match(shown, { code: 0, stdout: /^NUMBER [^\n]*\n$/, stderr: '' });
});

t.test('an unknown product, a wrong token and wrong bounds have their exit codes', async (t) => {
  const refuse = (code: 'not_found' | 'unauthenticated') => () => {
    throw new BazarError(code, 'refused');
  };
  const absent = refuse('not_found');
  const unknown = await stage(t, { lookup: absent, read_stock: absent, ledger: absent });
  for (const command of [['ledger'], ['product', 'stock']]) {
    for (const item of ['Nix', '99']) {
      t.match(await unknown.run(...command, item), { code: 3, stdout: '' }, item);
    }
    t.match(await unknown.run(...command, '0'), { code: 2, stderr: /not a product id/ });
    t.match(await unknown.run(...command), { code: 2, stdout: '' });
  }
  for (const bounds of [
    ['--limit', '0'],
    ['--limit', '1001'],
    ['--limit', 'x'],
    ['--after', '-1'],
    ['--after', 'x'],
  ]) {
    t.match(await unknown.run('ledger', '8', ...bounds), { code: 2, stdout: '' }, bounds.join(' '));
  }
  const closed = await stage(t, { hello: refuse('unauthenticated') });
  t.match(await closed.run('ledger', '8', '--token', 'guess'), { code: 6, stdout: '' });
});
