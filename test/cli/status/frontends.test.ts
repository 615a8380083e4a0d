/** The status of a store with several frontends, as they tell of themselves and of each other. */
import t, { type Test } from 'tap';
import { formatAddress } from '../../../src/base/address.js';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { describeStatus } from '../../../src/cli/status/status-view.js';
import type { FrontendStatus, StoreStatus } from '../../../src/frontend/types.js';
import { tcpTransport } from '../../../src/net/tcp-transport.js';
import { FakeFrontend } from '../../client/fake-frontend.js';
import { fakeIo } from '../fake-io.js';

function frontend(n: number, own: Partial<FrontendStatus> = {}): FrontendStatus {
  return {
    ...{ name: `frontend-${n}`, pid: 40 + n, state: 'up', lease: { held: true, generation: 1 } },
    cache: { hits: 30 * n, misses: 10 },
    ...{ raw: `10.0.0.${n}:8181`, http: `10.0.0.${n}:8081`, sessions: 2, rss_bytes: 80e6 },
    requests: { answered: 100, failed: n, lookups: 50, purchases: 20, orders: 10 * n },
    ...own,
  };
}

async function status(t: Test, stores: readonly (readonly FrontendStatus[])[], ...flags: string[]) {
  const addresses: string[] = [];
  for (const frontends of stores) {
    const fake = new FakeFrontend({ status: () => ({ members: [], frontends }) });
    await fake.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
    t.teardown(() => fake.close());
    addresses.push('--address', formatAddress(fake.address));
  }
  let stdout = '';
  const out = (text: string): void => {
    stdout += text;
  };
  const io = { ...fakeIo(), out };
  t.equal(await runCli(['status', ...addresses, ...flags], allCommands(), io), 0);
  return stdout;
}

t.test('one frontend reports all, and their metrics are added up', async (t) => {
  const text = await status(t, [[frontend(1), frontend(2, { state: 'down' }), frontend(10)]]);
  const [first, second, third, all] = text.split('\n').slice(-5);
  t.match(first, /frontend-1 +up +10\.0\.0\.1:8081 +41 .* held +1$/);
  t.match(second, /frontend-2 +down +10\.0\.0\.2:8081 +42 /);
  t.notMatch(second, 'held');
  t.match(third, /frontend-10 +up +10\.0\.0\.10:8081/, 'numbers are numbers');
  t.match(all, /all +2 up +92\.9 % +390 +30 +130 +13 +6 +240 MB$/);
  t.notMatch(await status(t, [[frontend(1)]]), /^all/m, 'one needs no sum');
});

t.test(
  'a frontend’s own report takes precedence, and a live process replaces a dead one',
  async (t) => {
    const text = await status(
      t,
      [
        [frontend(1), frontend(2, { sessions: 9 }), frontend(3, { state: 'down', pid: 7 })],
        [frontend(2, { sessions: 5 }), frontend(1, { state: 'down' }), frontend(3)],
      ],
      '--json',
    );
    const { frontends, totals } = JSON.parse(text) as StoreStatus;
    t.match(frontends, [
      { name: 'frontend-1', state: 'up' },
      { name: 'frontend-2', state: 'up', sessions: 5 },
      { name: 'frontend-3', state: 'up', pid: 43 },
    ]);
    t.match(totals, { frontends: 3, up: 3, sessions: 9, requests: { orders: 60, failed: 6 } });
  },
);

t.test('frontends of an older build are shown with fewer values', async (t) => {
  const old = { name: 'frontend-1', pid: 41, cache: { hits: 3, misses: 1 }, lease: { held: true } };
  const text = await status(t, [[old], [frontend(2)]]);
  t.match(text, /frontend-1 +up +41 +75\.0 % +3 +1 +held/);
  t.match(text, /frontend-2 +up +10\.0\.0\.2:8081/);
});

t.test('a narrow terminal shows the state and the orders of each', async (t) => {
  const sight = { store: { members: [], frontends: [frontend(1), frontend(2)] }, atMs: 0 };
  const later = { ...sight, atMs: 1_000 };
  const text = await describeStatus({ color: false }, later, sight, 80);
  t.ok(Math.max(...text.split('\n').map((line) => line.length)) <= 80);
  t.match(text, /FRONTEND +STATE .* ORDERS .* LEASE/);
});
