import t from 'tap';
import { Harness, heldClock, programUrl } from './harness.js';

for (const workers of [0, 1]) {
  t.test(`a session that throws is closed alone, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const [failing, other] = [peers.open(), peers.open()];
    failing.give('wx');
    await failing.until((socket) => socket.closed);
    t.equal(failing.text, 'w', 'what was written before has left');
    t.match(harness.logged, [{ level: 'error', fields: { remote: 'peer-1', err: /failed/ } }]);
    other.give('w');
    await other.until((socket) => socket.text === 'w');
    t.same(harness.told('closed'), ['a session failed']);
    t.equal(harness.pool.status().threads[0]?.crashes, 0);
  });

  t.test(`a session that cannot be opened is closed alone, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const [refused, peers] = [await harness.fakes('refused'), await harness.fakes()];
    const failing = refused.open();
    await failing.until((socket) => socket.closed);
    const other = peers.open();
    other.give('w');
    await other.until((socket) => socket.text === 'w');
  });
}

const crashes = [
  ['X', 'process.exit in the thread', /exited with code: 0/],
  ['T', 'an exception outside of sessions', /thrown outside/],
  ['R', 'a rejection nobody handles', /rejected outside/],
  ['A', 'a broken invariant', /a broken invariant/],
] as const;

for (const [letter, what, logged] of crashes) {
  t.test(`${what}: its sessions are closed, the thread is replaced`, async (t) => {
    const harness = await Harness.start(t, { workers: 2, data: { greeting: 'hello' } });
    harness.pool.broadcast('colour', 'red');
    harness.pool.broadcast('size', 7);
    harness.pool.broadcast('colour', 'blue');
    const peers = await harness.fakes();
    const [first, second, third] = [peers.open(), peers.open(), peers.open()];
    first.give('c');
    await harness.until(() => harness.calls().length === 1);
    first.give(letter);
    await Promise.all([first, third].map((peer) => peer.until((socket) => socket.closed)));
    t.equal(harness.pool.status().sessions, 1);
    t.match(harness.logged, [{ level: 'error', fields: { thread: 0, err: logged } }]);
    second.give('w');
    await second.until((socket) => socket.text === 'w');
    harness.calls()[0]?.reply(undefined, 'for nobody');

    // The new thread was told the last message of each topic, in the order of their first.
    await harness.until(() => harness.told('made').length === 3);
    const made = harness.told('made')[2];
    t.match(made, { data: { greeting: 'hello' } });
    const { threadId } = made as { threadId: number };
    const ofNew = () =>
      harness
        .told('told')
        .filter((each) => (each as typeof made & { threadId: number }).threadId === threadId);
    await harness.until(() => ofNew().length === 2);
    t.match(ofNew()[1], {
      told: [
        ['colour', 'blue'],
        ['size', 7],
      ],
    });
    const next = peers.open();
    next.give('wc');
    await next.until((socket) => socket.text === 'w');
    t.match(harness.pool.status().threads[0], { state: 'running', sessions: 1, crashes: 1 });
  });
}

t.test('while no thread serves, a new session is closed at once', async (t) => {
  const harness = await Harness.start(t, { workers: 1 });
  const peers = await harness.fakes();
  const peer = peers.open();
  peer.give('X');
  await peer.until((socket) => socket.closed);
  t.ok(peers.open().closed);
});

t.test('restarts after a series of crashes are delayed', async (t) => {
  const clock = heldClock();
  const harness = await Harness.start(t, { workers: 1, clock });
  const peers = await harness.fakes();
  const waits: number[] = [];
  for (let crash = 1; crash <= 4; crash++) {
    await harness.until(() => harness.told('made').length === crash);
    const thread = () => harness.pool.status().threads[0];
    while (thread()?.state !== 'running') await new Promise(setImmediate);
    const peer = peers.open();
    peer.give('X');
    await peer.until((socket) => socket.closed);
    t.equal(thread()?.state, crash === 1 ? 'starting' : 'crashed');
    waits.push(...clock.waits());
    clock.release();
  }
  t.same(waits, [100, 200, 400]);
  await harness.until(() => harness.told('made').length === 5);
});

for (const workers of [0, 2]) {
  for (const [data, failure] of [
    ['fail', /cannot be made/],
    ['crash', /exited with code: 3/],
  ] as const) {
    if (workers === 0 && data === 'crash') continue;
    t.test(`a program that cannot ${data} starts no pool, ${workers} threads`, async (t) => {
      await t.rejects(Harness.start(t, { workers, data }), { message: failure });
    });
  }

  t.test(`a module without a program starts no pool, ${workers} threads`, async (t) => {
    await t.rejects(Harness.start(t, { workers, program: 'jobs' }), {
      message: `${programUrl('jobs').href} exports no program`,
    });
  });
}

t.test('a wrong number of workers is refused', async (t) => {
  for (const workers of [-1, 1.5, 11]) {
    await t.rejects(Harness.start(t, { workers }), { code: 'invalid_argument' });
  }
});
