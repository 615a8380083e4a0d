/** The client commands against a frontend that answers as told: data, exit codes, advice. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatAddress } from '../../src/base/address.js';
import { BazarError, type ErrorCode, errorCodes } from '../../src/base/errors.js';
import { runCli } from '../../src/cli/cli.js';
import { allCommands } from '../../src/cli/commands.js';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import { type Answer, FakeFrontend } from '../client/fake-frontend.js';
import { fakeIo } from './fake-io.js';

const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };
const order = {
  number: 192,
  name: 'Tux',
  quantity: 2,
  lines: [
    { id: 8, name: 'Tux', quantity: 2, price: 19.9 },
    { id: 9, name: 'Whale', quantity: 1, price: 34.99 },
  ],
  total: 74.79,
  at: '2030-01-01T00:00:00.000Z',
};

async function stage(t: Test, answers: Readonly<Record<string, Answer>>) {
  const frontend = new FakeFrontend(answers);
  await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
  t.teardown(() => frontend.close());
  const address = formatAddress(frontend.address);
  const run = async (
    args: readonly string[],
    given: { env?: Record<string, string>; input?: string; terminal?: boolean } = {},
  ) => {
    const io = fakeIo(given);
    const env = { BAZAR_ADDRESS: address, BAZAR_DATA_DIR: t.testdirName, ...given.env };
    const terminal = given.terminal ?? false;
    const code = await runCli(args, allCommands(), { ...io, env, terminal });
    return { code, stdout: io.stdout(), stderr: io.stderr() };
  };
  return { frontend, run };
}

t.test('a look-up of digits uses the id, any other the name', async (t) => {
  const { frontend, run } = await stage(t, { lookup: () => tux });
  const table = await run(['lookup', 'Tux']);
  t.equal(table.code, 0);
  t.equal(
    table.stdout,
    'ID  NAME  TOPIC  PRICE  STOCK  VERSION\n 8  Tux   toys   19.90    100        1\n',
  );
  const json = await run(['lookup', '8', '--json']);
  t.same(JSON.parse(json.stdout), tux);
  t.same(frontend.of('lookup'), [{ name: 'Tux' }, { id: 8 }]);
});

t.test('a search is by topic, or by a part of the name', async (t) => {
  const { frontend, run } = await stage(t, { search: () => ({ items: [tux], next: 8 }) });
  const found = await run(['search', 'toys', '--limit', '1']);
  t.match(found, { code: 0, stdout: /Tux/, stderr: /--after 8/ });
  await run(['search', '--text', 'u', '--after', '3', '--json']);
  t.same(frontend.of('search'), [
    { limit: 1, after: 0, topic: 'toys' },
    { limit: 100, after: 3, text: 'u' },
  ]);
  t.match(await run(['search']), { code: 2 });
});

t.test('a search without matches reports that and prints no data', async (t) => {
  const { run } = await stage(t, { search: () => ({ items: [] }) });
  t.same(await run(['search', 'tyos']), { code: 0, stdout: '', stderr: 'nothing found\n' });
  t.match(await run(['search', 'tyos', '--json']), { stdout: '{"items":[]}\n', stderr: '' });
});

t.test('a purchase sends the quantity and the key', async (t) => {
  const { frontend, run } = await stage(t, { buy: () => ({ order_number: 7, total: 39.8 }) });
  const bought = await run(['buy', 'Tux', '-n', '2', '--key', 'mine']);
  t.match(bought, { code: 0, stdout: /ORDER +TOTAL\n +7 +39\.80/ });
  t.same(frontend.of('buy'), [{ name: 'Tux', quantity: 2, key: 'mine' }]);
  for (const quantity of ['0', '-1', '1.5', 'two', '1000001']) {
    t.match(await run(['buy', 'Tux', '-n', quantity]), { code: 2 }, quantity);
  }
  t.equal(frontend.of('buy').length, 1, 'what is wrong was not sent');
});

t.test('order with a number shows that order', async (t) => {
  const { frontend, run } = await stage(t, { order: () => order });
  const shown = await run(['order', '192']);
  t.match(shown, { code: 0, stdout: /192 +Tux +2 +19\.90 +74\.79/ });
  t.match(shown.stdout, /\n +Whale +1 +34\.99\n/);
  t.same(frontend.of('order'), [{ number: 192 }]);
});

t.test('order cancel sends the lines, and shows what is to refund', async (t) => {
  const cancelled = {
    ...{ cancellation_number: 3, order_number: 192, total: 19.9, restock: false },
    lines: [{ id: 8, name: 'Tux', quantity: 1, price: 19.9 }],
    ...{ at: '2030-01-01T00:00:00.000Z', status: 'partly_cancelled' },
  };
  const { frontend, run } = await stage(t, { hello: () => ({}), cancel_order: () => cancelled });
  const lines = ['--line', '8:1', '--line', 'Sea: the:2'];
  const args = ['order', 'cancel', '192', ...lines, '--no-restock', '--key', 'k'];
  t.match(await run(args), { code: 0, stdout: /3 +192 +Tux +1 +19\.90 +19\.90/ });
  t.match(await run(['order', 'cancel', '192', '--reason', 'broken']), { code: 0 });
  const [some, all] = frontend.of('cancel_order') as readonly Record<string, unknown>[];
  t.same(some, {
    ...{ number: 192, restock: false, key: 'k' },
    lines: [
      { id: 8, quantity: 1 },
      { name: 'Sea: the', quantity: 2 },
    ],
  });
  t.match(all, { number: 192, restock: true, reason: 'broken' });
  t.notOk(all?.['lines']);
  for (const wrong of [[], ['x'], ['192', '--line', '8'], ['192', '--line', '8:0']]) {
    t.match(await run(['order', 'cancel', ...wrong]), { code: 2 }, wrong.join(' '));
  }
});

t.test('order cancel names the key of an unknown outcome, and what is left', async (t) => {
  const refusals = [
    new BazarError('internal', 'lost', { details: { unknown: true } }),
    new BazarError('conflict', 'too many', { details: { id: 8, left: 2 } }),
    new BazarError('conflict', 'nothing is left', { details: { left: 0 } }),
  ];
  const { run } = await stage(t, {
    hello: () => ({}),
    cancel_order: () => {
      throw refusals.shift();
    },
  });
  const cancel = ['order', 'cancel', '192', '--line', '8:3', '--key', 'mine'];
  t.match(await run(cancel), {
    code: 1,
    stderr: /cancellation is unknown: repeat it with --key mine, which cancels once/,
  });
  t.match(await run(cancel), { code: 7, stderr: 'too many: 2 of product 8\n' });
  t.match(await run(cancel), { code: 7, stderr: 'nothing is left\n' });
});

t.test('order without a valid number or id is a usage error', async (t) => {
  const { run } = await stage(t, {});
  for (const args of [['order'], ['order', 'x'], ['order', '0'], ['order', '1.5']]) {
    t.match(await run(args), { code: 2 }, args.join(' '));
  }
  t.match(await run(['order', '--id', 'catalog-1']), { code: 2, stderr: /form order-1/ });
});

t.test('admin commands send the token of the data folder, or the given one', async (t) => {
  const tokens: unknown[] = [];
  const { run } = await stage(t, {
    hello: ({ token }) => {
      tokens.push(token);
      return {};
    },
    orders: () => ({ items: [order] }),
    lookup: () => tux,
    update_product: () => tux,
  });
  const dir = t.testdir({ 'admin.token': 'from the file\n' });
  const env = { BAZAR_DATA_DIR: dir };
  t.match(await run(['orders', '--json'], { env }), { code: 0, stdout: /"number":192/ });
  t.match(await run(['orders', '--token', 'given'], { env }), { code: 0 });
  t.match(await run(['lookup', '8'], { env }), { code: 0 });
  t.same(tokens, ['from the file', 'given'], 'and others show none');
});

t.test('products are added, changed and removed', async (t) => {
  const { frontend, run } = await stage(t, {
    lookup: () => tux,
    add_product: () => tux,
    update_product: () => tux,
    remove_product: () => tux,
  });
  const line = 'product add Yo-yo --topic toys --price 4.50 --quantity 7';
  t.match(await run(line.split(' ')), { code: 0 });
  t.match(await run(['product', 'set', 'Tux', '--price', '2', '--if-version', '1']), { code: 0 });
  t.match(await run(['product', 'set', '8', '--add', '5']), { code: 0 });
  t.match(await run(['product', 'remove', '8']), { code: 0 });
  t.same(frontend.of('add_product'), [{ name: 'Yo-yo', topic: 'toys', price: 4.5, quantity: 7 }]);
  t.same(frontend.of('update_product'), [
    { id: 8, price: 2, if_version: 1 },
    { id: 8, add: 5 },
  ]);
  t.same(frontend.of('remove_product'), [{ id: 8 }]);
  t.match(await run(['product', 'set', '8']), { code: 2 });
  t.match(await run(['product', 'add', 'Yo-yo']), { code: 2 });
});

const exits: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 2,
  not_found: 3,
  out_of_stock: 4,
  unavailable: 5,
  overloaded: 5,
  deadline_exceeded: 5,
  unauthenticated: 6,
  permission_denied: 6,
  conflict: 7,
  hold_expired: 7,
  hold_confirmed: 7,
  hold_released: 7,
  price_changed: 7,
  limit_exceeded: 7,
  customer_required: 2,
  key_reused: 7,
  too_large: 1,
  unknown_method: 1,
  internal: 1,
};

t.test('each failure has its exit code, its message, and no data', async (t) => {
  for (const code of errorCodes) {
    const { run } = await stage(t, {
      buy: () => {
        throw new BazarError(code, `it is ${code}`);
      },
    });
    // The client tries these again until its time is over, which the last attempt may not outlive.
    const isTriedAgain = exits[code] === 5;
    const patience = isTriedAgain ? ['--timeout', '1'] : [];
    const failed = await run(['buy', 'Tux', ...patience]);
    t.match(failed, { code: exits[code], stdout: '' }, code);
    t.match(failed.stderr, isTriedAgain ? new RegExp(`it is ${code}|is unknown`) : `it is ${code}`);
  }
});

t.test('with --json every error is one line of JSON with its code and exit code', async (t) => {
  const { frontend, run } = await stage(t, {
    lookup: () => {
      throw new BazarError('not_found', 'no such product');
    },
    buy: () => {
      throw new BazarError('out_of_stock', 'not enough', { details: { available: 3 } });
    },
  });
  const errorOf = async (...args: string[]): Promise<unknown> => {
    const { stdout, stderr } = await run(args);
    t.equal(stdout, '');
    return JSON.parse(stderr).error;
  };
  t.match(await errorOf('lookup', '8', '--json'), { code: 'not_found', exit_code: 3 });
  t.match(await errorOf('buy', '8', '--json'), {
    code: 'out_of_stock',
    exit_code: 4,
    available: 3,
  });
  t.match(await errorOf('lookup', '--json'), { code: 'invalid_argument', exit_code: 2 });
  t.match(await errorOf('no-such-command', '--json'), { code: 'invalid_argument', exit_code: 2 });
  const config = join(t.testdir({ 'bazar.json': '{"json": true}' }), 'bazar.json');
  t.match(await errorOf('lookup', '8', '--config', config), { code: 'not_found', exit_code: 3 });
  t.match(await errorOf('lookup', `--config=${config}`), { code: 'invalid_argument' });
  const inWords = await run(['lookup', '8', '--config', config, '--no-json']);
  t.match(inWords, { code: 3, stderr: /^no such product/ }, 'the command line wins');
  await frontend.close();
  t.match(await errorOf('lookup', '8', '--json'), {
    code: 'unavailable',
    exit_code: 5,
    reason: 'refused',
  });
  t.match(await errorOf('lookup', '8', '--json', '--address', 'no-such-host.invalid:1'), {
    exit_code: 5,
    reason: 'name',
  });
});

t.test('a purchase with an unknown outcome names the key for a repeat', async (t) => {
  const { frontend, run } = await stage(t, {
    buy: () => {
      throw new BazarError('deadline_exceeded', 'too late', { details: { unknown: true } });
    },
  });
  const failed = await run(['buy', 'Tux', '--timeout', '1']);
  const [sent] = frontend.of('buy') as { key: string }[];
  t.match(failed, { code: 5, stderr: new RegExp(`repeat it with --key ${sent?.key}, `) });
  const given = await run(['buy', 'Tux', '--key', 'k1', '--timeout', '1', '--json']);
  t.match(JSON.parse(given.stderr).error, { code: 'deadline_exceeded', key: 'k1', unknown: true });
});

t.test('no control sequence of a product reaches the terminal', async (t) => {
  const name = 'Evil\x1b[2J\u009b2J';
  const { run } = await stage(t, {
    lookup: () => ({ ...tux, name }),
    search: () => ({ items: [{ ...tux, name }] }),
    buy: () => {
      throw new BazarError('not_found', `no product ${name}`);
    },
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass.
  const controls = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
  const commands = [
    ...['lookup 8', 'lookup 8 --json', 'search --text e', 'search --text e --json'],
    ...['export', 'export --json', 'buy 8', 'buy 8 --json'],
  ];
  for (const line of commands) {
    const { stdout, stderr } = await run(line.split(' '), { terminal: true });
    t.notMatch(stdout + stderr, controls, line);
    t.match(stdout + stderr, 'Evil', line);
  }
});

t.test('a refused connection is reported with its address and advice', async (t) => {
  const { frontend, run } = await stage(t, {});
  const address = formatAddress(frontend.address);
  await frontend.close();
  t.match(await run(['lookup', 'Tux']), {
    code: 5,
    stderr: `nothing listens on ${address}: is the store running? try ./start.sh\n`,
  });
});

t.test('errors say where the token is, and how many units are left', async (t) => {
  const { run } = await stage(t, {
    orders: () => {
      throw new BazarError('permission_denied', 'not for you');
    },
    buy: () => {
      throw new BazarError('out_of_stock', 'not enough', { details: { available: 3 } });
    },
  });
  t.match(await run(['orders']), { code: 6, stderr: /not for you: give --token.*admin\.token/ });
  t.match(await run(['buy', 'Tux', '-n', '9']), { code: 4, stderr: 'not enough: 3 are left\n' });
});

t.test('a missing token is reported in terms of the command line', async (t) => {
  const refuse = (): never => {
    throw new BazarError('unauthenticated', 'words of the wire');
  };
  const { run } = await stage(t, { hello: () => ({}), orders: refuse });
  t.match(await run(['orders']), {
    code: 6,
    stderr: /^this command needs the admin token: give --token, or the folder .* --data-dir\n$/,
  });
  t.match(await run(['orders', '--token', 'x']), { code: 6, stderr: /^words of the wire: / });
});

t.test('the audit fails if the books do not balance', async (t) => {
  const report = {
    ok: false,
    sales: 2,
    orders: 1,
    products: [{ id: 8, name: 'Tux', received: 100, sold: 2, stock: 98, ordered: 1 }],
    replicas: [{ name: 'order-1', group: 'order', seq: 4, hash: 'abcdef' }],
    problems: ['Tux: 2 sold, 1 ordered'],
  };
  const { run } = await stage(t, { audit: () => report });
  const failed = await run(['audit']);
  t.match(failed, { code: 1, stdout: /8 +Tux +100 +2 +98 +1\n/ });
  t.match(failed.stdout, /problem: Tux: 2 sold, 1 ordered\nthe books do not balance\n$/);
  const balanced = await stage(t, { audit: () => ({ ...report, ok: true, problems: [] }) });
  t.match(await balanced.run(['audit', '--json']), { code: 0, stdout: /^\{"ok":true/ });
});

t.test(
  'the audit shows cancellations, and returned and reserved units if there are any',
  async (t) => {
    const tux = { id: 8, name: 'Tux', received: 100, sold: 3, stock: 98, ordered: 3, returned: 1 };
    const held = { id: 9, name: 'Whale', received: 7, sold: 0, stock: 5, ordered: 0, reserved: 2 };
    const base = { ok: true, sales: 2, orders: 2, replicas: [], problems: [] };
    const { run } = await stage(t, {
      audit: () => ({ ...base, cancellations: 1, products: [tux, held] }),
    });
    const { code, stdout } = await run(['audit']);
    t.equal(code, 0);
    t.match(stdout, /^ID +NAME +RECEIVED +SOLD +RETURNED +RESERVED +STOCK +ORDERED\n/);
    t.match(stdout, /8 +Tux +100 +3 +1 +0 +98 +3\n +9 +Whale +7 +0 +0 +2 +5 +0\n/);
    t.match(stdout, /\nsales 2, orders 2, cancellations 1\n/);
    const plain = await stage(t, {
      audit: () => ({ ...base, products: [{ ...tux, returned: 0 }] }),
    });
    const shown = await plain.run(['audit']);
    t.match(shown.stdout, /^ID +NAME +RECEIVED +SOLD +STOCK +ORDERED\n/);
    t.match(shown.stdout, /\nsales 2, orders 2\n/);
  },
);

t.test('the status shows the leaders and the lag of each member', async (t) => {
  const member = { group: 'order', kind: 'replica', epoch: 3, commit: 9, pid: 42 };
  const { run } = await stage(t, {
    status: () => ({
      members: [
        { ...member, name: 'order-1', role: 'follower', log_end: 7 },
        { ...member, name: 'order-2', role: 'leader', log_end: 10 },
        { ...member, name: 'order-3', role: 'down', log_end: 0 },
      ],
      frontends: [
        {
          ...{ name: 'frontend-1', pid: 43 },
          cache: { hits: 3, misses: 1, stale: 5 },
          lease: { held: true, generation: 7, epoch: 3 },
        },
        { name: 'frontend-2', pid: 44, cache: {}, lease: { held: false, generation: 8 } },
      ],
    }),
  });
  const { stdout } = await run(['status']);
  t.match(stdout, /order-1 +order +replica +follower +3 +7 +9 +3 +42/);
  t.match(stdout, /order-2 +order +replica +leader +3 +10 +9 +0 +42/);
  t.match(stdout, /order-3 .* down .* \? /);
  t.match(stdout, /FRONTEND +STATE +HTTP +PID +HIT RATE +HITS +MISSES .* LEASE +GENERATION\n/);
  t.match(stdout, /frontend-1 +up +43 +75\.0 % +3 +1 +held +7\n/);
  t.match(stdout, /frontend-2 +up +44 +0 +0 +none +8\n/);
  t.notMatch(stdout, 'stale', 'the rest is for --json');
});

t.test('the status is repeated until an interrupt', async (t) => {
  const { frontend } = await stage(t, { status: () => ({ members: [], frontends: [] }) });
  const io = fakeIo();
  const args = ['status', '--watch', '--json', '--address', formatAddress(frontend.address)];
  const seen: string[] = [];
  const code = await runCli(args, allCommands(), {
    ...io,
    out(text) {
      seen.push(text);
      if (seen.length === 2) io.interrupt();
    },
  });
  t.equal(code, 0);
  t.equal(seen.length, 2);
  for (const line of seen) t.match(JSON.parse(line), { members: [], frontends: [] });
});

t.test('control sequences in a product’s name do not reach the terminal', async (t) => {
  const { run } = await stage(t, { lookup: () => ({ ...tux, name: 'T\x1b[2Jux' }) });
  const { stdout } = await run(['lookup', '8']);
  t.notMatch(stdout, '\x1b');
  t.match(stdout, 'T�[2Jux');
});

t.test('the shop serves a customer who types lines', async (t) => {
  const { frontend, run } = await stage(t, {
    ping: () => ({}),
    search: () => ({ items: [tux] }),
    lookup: () => tux,
    buy: ({ quantity }) => {
      const details = { available: 1 };
      if (quantity === 99) throw new BazarError('out_of_stock', 'not enough in stock', { details });
      return { order_number: 192, total: 19.9 };
    },
    order: () => order,
  });
  const input = '1\ntoys\ninfo\n8\n3\nTux\n\n3\nTux\n99\n3\nTux\nmany\n9\n4\n192\nExit\n1\nnever\n';
  const { code, stdout, stderr } = await run(['shop'], { input });
  t.equal(code, 0);
  t.match(stdout, /Search \[1\] {2}Info \[2\] {2}Purchase \[3\] {2}Order \[4\] {2}Exit \[5\]/);
  t.match(stdout, /order 192, total 19\.90/);
  t.match(stdout, /Whale +1 +34\.99/);
  t.equal(
    stderr,
    'not enough in stock: 1 is left\n"many" is not a positive whole number\n"9" is not on the menu\n',
  );
  t.same(
    frontend.asked.slice(1).map(({ method }) => method),
    ['search', 'lookup', 'buy', 'buy', 'order'],
  );
  t.match(frontend.of('buy')[0], { name: 'Tux', quantity: 1 });
});

t.test('the shop closes when its input ends, even within a question', async (t) => {
  const { run } = await stage(t, { ping: () => ({}) });
  t.match(await run(['shop'], { input: '' }), { code: 0 });
  t.match(await run(['shop'], { input: '3\nTux' }), { code: 0 });
});

t.test('a system error names the file and has no stack', async (t) => {
  const { run } = await stage(t, {});
  const dir = t.testdir({ file: '' });
  const place = ['--data-dir', join(dir, 'file', 'data'), '--log-dir', join(dir, 'logs')];
  const { code, stdout, stderr } = await run(['up', ...place]);
  t.match(
    { code, stdout, stderr },
    { code: 1, stdout: '', stderr: /^mkdir .*file\/data: not a directory \(ENOTDIR\)\n$/ },
  );
});

t.test('logs of all services are merged by time; a stack stays with its line', async (t) => {
  const { run } = await stage(t, {});
  const dir = t.testdir();
  const line = (time: string, msg: string): string =>
    `{"level":30,"time":"2030-01-01T00:00:0${time}Z","pid":1,"name":"x","msg":"${msg}","seq":4}\n`;
  writeFileSync(join(dir, 'order-1.log'), `${line('1', 'one')}  at stack\n${line('3', 'three')}`);
  writeFileSync(join(dir, 'catalog-1.log'), line('2', 'two'));
  const { code, stdout } = await run(['logs', '--log-dir', dir]);
  t.equal(code, 0);
  t.equal(
    stdout,
    [
      'order-1    2030-01-01T00:00:01Z info  one seq=4',
      'order-1      at stack',
      'catalog-1  2030-01-01T00:00:02Z info  two seq=4',
      'order-1    2030-01-01T00:00:03Z info  three seq=4',
      '',
    ].join('\n'),
  );
  const last = await run(['logs', 'order-1', '--lines', '1', '--log-dir', dir]);
  t.match(last.stdout, /^order-1 .* three seq=4\n$/);
  t.match(await run(['logs', 'order-9', '--log-dir', dir]), { code: 3 });
});
