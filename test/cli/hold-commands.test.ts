/** The commands for holds and for purchases with terms, against a frontend that answers as told. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { stageCommands as stage } from './staged-commands.js';

const id = '0f8fad5bd9cb469fa165708a7e3c5d41';
const lines = [{ id: 8, name: 'Tux', quantity: 2, price: 19.9 }];
const end = '2030-01-01T00:10:00.000Z';
const held = { hold_id: id, expires_at: end, lines, total: 39.8 };

t.test('a hold is opened with its terms, shown, extended and released', async (t) => {
  const { frontend, run } = await stage(t, {
    hold: () => held,
    read_hold: () => ({ ...held, status: 'open' }),
    extend_hold: () => ({ hold_id: id, expires_at: end }),
    release_hold: () => ({ hold_id: id, status: 'released', replayed: true }),
  });
  const terms = ['--customer', 'ann', '--expected-total', '39.80', '--reference', 'basket 7'];
  const opened = await run(
    'hold',
    'open',
    'Tux',
    '-n',
    '2',
    '--ttl',
    '600',
    '--key',
    'k',
    ...terms,
  );
  t.match(opened, {
    code: 0,
    stdout: `HOLD                              TOTAL  EXPIRES AT\n${id}  39.80  ${end}\n`,
  });
  t.same(frontend.of('hold'), [
    {
      lines: [{ name: 'Tux', quantity: 2 }],
      ttl_seconds: 600,
      customer: 'ann',
      expected_total: 39.8,
      reference: 'basket 7',
      key: 'k',
    },
  ]);
  t.match(await run('hold', 'show', id), { code: 0, stdout: new RegExp(`${id} +open +Tux +2 `) });
  t.match(await run('hold', 'extend', id, '--ttl', '60', '--json'), {
    code: 0,
    stdout: /"expires_at"/,
  });
  const released = await run('hold', 'release', id.toUpperCase());
  t.match(released, { code: 0, stdout: /released/, stderr: /this key was used before/ });
  t.match(frontend.of('extend_hold'), [{ id, ttl_seconds: 60 }]);
  t.match(frontend.of('release_hold'), [{ id }]);
});

t.test('a confirmation buys all, or a part of a hold of one product', async (t) => {
  let wanted = lines;
  const { frontend, run } = await stage(t, {
    read_hold: () => ({ ...held, lines: wanted, status: 'open' }),
    confirm_hold: () => ({ order_number: 7, total: 39.8 }),
  });
  t.match(await run('hold', 'confirm', id, '--key', 'k'), {
    code: 0,
    stdout: /ORDER +TOTAL\n +7 +39\.80/,
  });
  t.match(await run('hold', 'confirm', id, '-n', '1', '--key', 'k'), { code: 0 });
  t.same(frontend.of('confirm_hold'), [
    { id, key: 'k' },
    { id, lines: [{ id: 8, quantity: 1 }], key: 'k' },
  ]);
  wanted = [...lines, { id: 9, name: 'Whale', quantity: 1, price: 1 }];
  t.match(await run('hold', 'confirm', id, '-n', '1'), { code: 2, stderr: /hold of one product/ });
  t.equal(frontend.of('confirm_hold').length, 2);
});

t.test('a hold without an end or a valid id is a usage error', async (t) => {
  const { run } = await stage(t, {});
  t.match(await run('hold', 'open', 'Tux'), { code: 2, stderr: /give --ttl/ });
  t.match(await run('hold', 'open', 'Tux', '--ttl', '86401'), { code: 2, stderr: /--ttl must be/ });
  t.match(await run('hold', 'extend', id), { code: 2, stderr: /give --ttl/ });
  t.match(await run('hold', 'show', 'abc'), { code: 2, stderr: /abc is not the id of a hold/ });
  t.match(await run('hold'), { code: 2 });
});

t.test('an unknown outcome names the key with which the command can be repeated', async (t) => {
  const { run } = await stage(t, {
    confirm_hold: () => {
      throw new BazarError('internal', 'lost', { details: { unknown: true } });
    },
  });
  const failed = await run('hold', 'confirm', id, '--key', 'mine');
  t.match(failed, {
    code: 1,
    stderr: /purchase is unknown: repeat it with --key mine, which buys once/,
  });
});

t.test('a purchase states its terms, and a refusal says what is possible', async (t) => {
  const refusals = [
    new BazarError('customer_required', 'no customer', { details: { id: 8 } }),
    new BazarError('limit_exceeded', 'too many', { details: { id: 8, remaining: 1 } }),
    new BazarError('price_changed', 'another total', { details: { total: 21.5 } }),
  ];
  const { frontend, run } = await stage(t, {
    buy: () => {
      throw refusals.shift();
    },
  });
  const buy = ['buy', 'Tux', '--customer', 'ann', '--expected-total', '19.9', '--key', 'k'];
  t.match(await run(...buy), { code: 2, stderr: 'no customer: give --customer\n' });
  t.match(await run(...buy), { code: 7, stderr: 'too many: at most 1 more\n' });
  t.match(await run(...buy), { code: 7, stderr: 'another total: it is 21.50\n' });
  t.same(frontend.of('buy')[0], {
    name: 'Tux',
    quantity: 1,
    customer: 'ann',
    expected_total: 19.9,
    key: 'k',
  });
});
