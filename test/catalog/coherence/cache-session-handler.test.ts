import t from 'tap';
import type { LogRecord } from '../../../src/consensus/types.js';
import type { SessionAnswer } from '../../../src/wire/internal.js';
import { FakeFrontend, openCatalog, openStore, settled } from '../one-catalog.js';

/** By when a lease has run out at the leader, for certain. */
const spanMs = 1_080;

t.test('a process is registered by a committed entry before it gets a lease', async (t) => {
  const { ask, machine } = await openStore();
  const frontend = new FakeFrontend();
  const answer = await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  t.same(machine.registered(), [['p', 'frontend-1']]);
  t.same(answer, [machine.appliedSeq, 1, 1]);
});

t.test('a lease is renewed until it expires, and then a new session begins', async (t) => {
  const { ask, clock } = await openStore();
  const frontend = new FakeFrontend();
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  clock.advance(1_000);
  t.equal(await ask(frontend, 'renew_lease', ['p', 1]), null);
  clock.advance(1_000);
  t.equal(await ask(frontend, 'renew_lease', ['p', 1]), null);
  clock.advance(spanMs);
  await t.rejects(ask(frontend, 'renew_lease', ['p', 1]), { code: 'conflict' });
  const [, , sessionNumber] = (await ask(frontend, 'begin_session', [
    ...['frontend-1', 'p'],
    ...[2, 1],
  ])) as SessionAnswer;
  t.equal(sessionNumber, 2);
  await t.rejects(ask(frontend, 'renew_lease', ['p', 1]), { code: 'conflict' });
});

t.test('a lease is renewed only over the connection of its session', async (t) => {
  const { ask } = await openStore();
  await ask(new FakeFrontend(), 'begin_session', ['frontend-1', 'p', 1, 1]);
  await t.rejects(ask(new FakeFrontend(), 'renew_lease', ['p', 1]), { code: 'conflict' });
});

t.test('a session request with another epoch or an earlier attempt is refused', async (t) => {
  const { ask } = await openStore();
  const frontend = new FakeFrontend();
  await t.rejects(ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 2]), {
    code: 'unavailable',
  });
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 5, 1]);
  await t.rejects(ask(frontend, 'begin_session', ['frontend-1', 'p', 5, 1]), { code: 'conflict' });
  t.equal(await ask(frontend, 'renew_lease', ['p', 1]), null, 'and changes nothing');
});

t.test('of two concurrent session requests the later one counts', async (t) => {
  const { ask } = await openStore();
  const frontend = new FakeFrontend();
  const first = ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  const second = ask(frontend, 'begin_session', ['frontend-1', 'p', 2, 1]);
  await t.rejects(first, { code: 'conflict' });
  const [, , sessionNumber] = (await second) as SessionAnswer;
  t.equal(await ask(frontend, 'renew_lease', ['p', sessionNumber]), null);
});

t.test('a change waits for the sessions that may hold the product', async (t) => {
  const { ask, store } = await openStore();
  const frontend = new FakeFrontend();
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  await ask(frontend, 'lend', [[1], [], []]);
  let isDone = false;
  const changed = store.propose(['update', 1, { quantity: 7 }]).then(() => {
    isDone = true;
  });
  await settled();
  t.match(frontend.invalidated, [[store.gates.appendedSeq, [1], [], []]]);
  t.equal(isDone, false);
  frontend.acknowledge();
  await changed;
  t.equal(store.machine.byId(1)?.[4], 7);
});

t.test(
  'a decided change is pushed to the frontend that held the product, and granted',
  async (t) => {
    const { ask, store } = await openStore();
    const frontend = new FakeFrontend();
    await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
    await ask(frontend, 'lend', [[1], [], []]);
    for (const quantity of [7, 8]) {
      const changed = store.propose(['update', 1, { quantity }]);
      await settled();
      frontend.acknowledge();
      await changed;
      await settled();
      const { appliedSeq } = store.machine;
      const record = [1, 'Tux', 'toys', 1990, quantity, quantity - 5];
      t.same(frontend.notified.at(-1), ['records', [appliedSeq, [record]]]);
    }
    t.equal(frontend.invalidated.length, 2);
  },
);

t.test('nothing is pushed while an entry that touches it is undecided', async (t) => {
  const { ask, store } = await openStore();
  const frontend = new FakeFrontend();
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  await ask(frontend, 'lend', [[1], [], []]);
  const first = store.propose(['update', 1, { quantity: 7 }]);
  await settled();
  store.gates.grant(1, 'Tux');
  const second = store.propose(['update', 1, { quantity: 8 }]);
  await settled();
  frontend.acknowledge();
  await first;
  await settled();
  t.same(frontend.notified, []);
  frontend.acknowledge();
  await second;
  await settled();
  t.equal(frontend.notified.length, 1);
});

t.test('pushes stop for a product that no frontend asks for', async (t) => {
  const { ask, store } = await openStore();
  const frontend = new FakeFrontend();
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  await ask(frontend, 'lend', [[1], [], []]);
  for (let quantity = 1; quantity <= 20; quantity++) {
    const changed = store.propose(['update', 1, { quantity }]);
    await settled();
    frontend.acknowledge();
    await changed;
    await settled();
  }
  t.equal(frontend.notified.length, 8);
  t.equal(frontend.invalidated.length, 9);
});

t.test('an ended session holds back no entry, and its process is deregistered', async (t) => {
  const { ask, store, machine } = await openStore();
  const frontend = new FakeFrontend();
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  await ask(frontend, 'lend', [[1], [], []]);
  await ask(frontend, 'end_session', ['p', 2]);
  await store.propose(['update', 1, { quantity: 7 }]);
  t.equal(machine.isRegistered('p'), false);
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 3, 1]);
  t.equal(machine.isRegistered('p'), true, 'and may come back');
});

t.test('dead processes are deregistered when their lease has expired', async (t) => {
  const { ask, handler, store, clock, machine } = await openStore();
  const frontend = new FakeFrontend();
  await ask(frontend, 'begin_session', ['frontend-1', 'p', 1, 1]);
  handler.closed(frontend);
  clock.advance(spanMs - 1);
  await store.leases.deregisterDead();
  t.equal(machine.isRegistered('p'), true);
  clock.advance(1);
  await store.leases.deregisterDead();
  t.equal(machine.isRegistered('p'), false);
});

t.test('a process that returns during its deregistration registers again', async (t) => {
  const { ask, handler, store, clock, machine } = await openStore();
  await ask(new FakeFrontend(), 'begin_session', ['frontend-1', 'p', 1, 1]);
  clock.advance(spanMs);
  const deregistering = store.leases.deregisterDead();
  const frontend = new FakeFrontend();
  const begun = ask(frontend, 'begin_session', ['frontend-1', 'p', 2, 1]);
  await deregistering;
  await begun;
  t.equal(machine.isRegistered('p'), true, 'a lease without it would be unknown to a new leader');
  handler.closed(frontend);
});

/** What a catalog with a registered process leaves behind. */
async function diskWithProcess(): Promise<LogRecord[]> {
  const disk: LogRecord[] = [];
  const { ask } = await openStore(disk);
  await ask(new FakeFrontend(), 'begin_session', ['frontend-1', 'p', 1, 1]);
  return disk;
}

t.test('a new leader shows nothing until the registered processes have new sessions', async (t) => {
  const { ask, host, clock } = await openCatalog(await diskWithProcess());
  t.match(host.status(), { role: 'leader', serving: false, epoch: 2 });
  clock.advance(spanMs - 1);
  await settled();
  t.equal(host.status().serving, false);
  await ask(new FakeFrontend(), 'begin_session', ['frontend-1', 'p', 7, 2]);
  await settled();
  t.equal(host.status().serving, true);
});

t.test('a new leader waits for dead processes only until their leases expire', async (t) => {
  const { host, clock, store, machine } = await openCatalog(await diskWithProcess());
  clock.advance(spanMs);
  await settled();
  t.equal(host.status().serving, true);
  await store.leases.deregisterDead();
  t.same(machine.registered(), []);
});

t.test('a leader that does not serve yet refuses a change with an unknown write set', async (t) => {
  const { store } = await openCatalog(await diskWithProcess());
  await t.rejects(store.propose(['update', 1, { topic: 'birds' }]), { code: 'unavailable' });
});
