/**
 * Two frontends of one store: each shows both. One that is killed is shown as down by the other, in
 * its status and its events, and as back when it runs again; one that is stopped just goes.
 */
import t from 'tap';
import { runBazar } from './run-command.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { until } from './until.js';

const size = { catalogs: 2, orders: 1, recovery: 1, frontends: 2 };

interface Told {
  readonly name: string;
  readonly pid: number;
  readonly state: string;
  readonly http: string;
  readonly requests: { readonly orders: number };
}

interface Status {
  readonly frontends: readonly Told[];
  readonly totals: { readonly up: number; readonly requests: { readonly orders: number } };
}

t.test('a frontend shows all frontends, and tells which die and come back', async (t) => {
  const store = new Store(t, 3583, size);
  await upWithStock(store, '--no-restart');
  const status = async (): Promise<Status> =>
    ((await (await store.http('/status')).json()) as { data: Status }).data;
  const states = async (): Promise<string> =>
    (await status()).frontends.map(({ name, state }) => `${name} ${state}`).join(', ');

  await until('both are shown', async () => (await states()) === 'frontend-1 up, frontend-2 up');
  const there = `127.0.0.1:${store.rawPort + 1}`;
  for (const address of [there, `127.0.0.1:${store.rawPort}`]) {
    t.match(await runBazar(['buy', '1', '--address', address]), { code: 0 });
  }
  await until('their orders are added up', async () => {
    const { totals, frontends } = await status();
    const own = frontends.map(({ requests }) => requests.orders);
    return totals.requests.orders === 2 && own.every((orders) => orders === 1);
  });
  const [, second] = (await status()).frontends;
  t.equal(second?.http, `127.0.0.1:${8081 + store.portOffset + 1}`);

  const events = await store.http('/events?history');
  const reader = events.body?.getReader();
  let told = '';
  const tells = (message: string) =>
    until(`it is told that ${message}`, async () => {
      while (!told.includes(message)) told += Buffer.from((await reader?.read())?.value ?? []);
      return true;
    });
  await tells('frontend-2 is up');
  await store.kill('frontend-2');
  await tells('frontend-2 is not reachable');
  t.equal(await states(), 'frontend-1 up, frontend-2 down', 'the status says the same');
  t.equal((await status()).totals.up, 1);
  t.equal((await status()).totals.requests.orders, 2, 'what it sold is sold');
  const shown = await runBazar(['status', '--address', `127.0.0.1:${store.rawPort}`]);
  t.match(shown.out, /frontend-2 +down +127/);

  t.match(await store.bazar(['start', 'frontend-2']), { code: 0 });
  await tells('frontend-2 is back');
  await until('both are up', async () => (await states()) === 'frontend-1 up, frontend-2 up');

  // The leader's death does not make the frontends look dead, nor forgets those that are.
  await store.kill('frontend-2');
  await until('it is down', async () => (await states()) === 'frontend-1 up, frontend-2 down');
  const leader = await store.leader('catalog');
  await store.kill(leader);
  await until('another leads', async () => (await store.leader('catalog')) !== leader);
  t.equal(await states(), 'frontend-1 up, frontend-2 down');

  await store.bazar(['start', 'frontend-2']);
  await until('it is back', async () => (await states()) === 'frontend-1 up, frontend-2 up');
  await store.stop('frontend-2');
  await tells('frontend-2 was stopped');
  t.equal(await states(), 'frontend-1 up');
  const lives = [...told.matchAll(/"name":"frontend-2","state":"(\w+)"/g)].map(([, is]) => is);
  t.same(lives.slice(-2), ['up', 'stopped'], 'without a death');
  await reader?.cancel();
});
