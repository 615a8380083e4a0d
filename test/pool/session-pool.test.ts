import t from 'tap';
import { Harness, heldClock } from './harness.js';

for (const workers of [0, 2, 10]) {
  t.test(`bytes of many sessions come back in order, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { program: 'echo', workers });
    const clients = await harness.connect(30);
    await Promise.all(
      clients.map(async (client, index) => {
        let sent = '';
        for (let round = 0; round < 20; round++) {
          const text = `${index}:${round}:${'y'.repeat((index * round) % 70)};`;
          client.send(text);
          sent += text;
          if (round % 5 === 0) t.equal(await client.take(sent.length), sent);
          if (round % 5 === 0) sent = '';
        }
        t.equal(await client.take(sent.length), sent);
      }),
    );
  });

  t.test(`few sessions are distributed evenly over few threads, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    await harness.connect(workers * 3);
    const { threads, sessions } = harness.pool.status();
    t.equal(sessions, workers * 3);
    const used = threads.map((thread) => thread.sessions).filter((count) => count > 0);
    t.ok(used.length <= Math.min(threads.length, 2), 'half of the cores');
    t.ok(used.length === 0 || Math.max(...used) - Math.min(...used) <= 1, `${used}`);
  });

  t.test(`half-close: requests sent before the end are answered, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { program: 'echo', workers });
    const client = await harness.client();
    client.socket.end('last words');
    await client.until(() => client.ended);
    t.equal(client.received.toString(), 'last words');
  });
}

t.test('a new session goes to the thread with the fewest sessions', async (t) => {
  const harness = await Harness.start(t);
  const [first] = await harness.connect(4);
  await first?.close();
  await harness.until(() => harness.told('closed').length === 1);
  await harness.connect(1);
  t.same(
    harness.pool.status().threads.map((thread) => thread.sessions),
    [2, 2],
  );
});

t.test('one session above sessionsMax is closed at once, the others stay', async (t) => {
  const harness = await Harness.start(t, { program: 'echo', limits: { sessionsMax: 2 } });
  const [first, second] = await harness.connect(2);
  const [third] = await harness.connect(1);
  await third?.until((client) => client.ended);
  t.equal(harness.pool.status().refused, 1);
  t.equal(await first?.ask('a', 1), 'a');
  t.equal(await second?.ask('b', 1), 'b');
});

t.test('spare threads start later', async (t) => {
  const clock = heldClock();
  const harness = await Harness.start(t, { workers: 3, cores: 2, first: 'packed', clock });
  t.equal(harness.pool.status().threads.length, 1);
  const client = await harness.client();
  t.equal(await client.ask('w', 1), 'w', 'it serves meanwhile');
  clock.release();
  await harness.until(() => harness.told('made').length === 3);
  t.equal(harness.pool.status().threads.length, 3);
});
