import t from 'tap';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logging.js';
import { BatchWriter, kinds, readBatch } from '../../src/pool/batch.js';
import { relayLimits } from '../../src/pool/limits.js';
import { Relay } from '../../src/pool/relay.js';
import type { PortReceiver, ThreadPort } from '../../src/pool/thread-port.js';
import { FakeConnection } from './fake-transport.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A relay of two sessions, what its thread is sent, and the thread's answers as the test gives them. */
async function start() {
  const sent: string[] = [];
  let receiver: PortReceiver | undefined;
  const port: ThreadPort = {
    sendBatch(bytes) {
      const records: string[] = [];
      readBatch(new Uint8Array(bytes).buffer, {
        record(_kind, session, batch, from, length) {
          records.push(`${session} ${Buffer.from(batch, from, length)}`);
        },
      });
      sent.push(records.join(', '));
    },
    sendControl: (control) => sent.push(control.type),
    receive(given) {
      receiver = given;
    },
    close: () => {},
  };
  const relay = new Relay({
    port,
    clock: systemClock,
    logger: silentLogger,
    limits: relayLimits(),
    handlers: { onCalls: () => {} },
    onControl: () => {},
    onSessionClosed: () => {},
  });
  const connections = [new FakeConnection('a'), new FakeConnection('b')] as const;
  for (const connection of connections) relay.accept(connection, 'raw');
  await nextTurn();
  sent.length = 0;
  const answer = (session: number, text: string): void => {
    const writer = new BatchWriter(
      systemClock,
      (batch) => receiver?.batch(new Uint8Array(batch).buffer),
      () => {},
    );
    writer.record(kinds.data, session, Buffer.from(text));
    writer.flush();
  };
  return { relay, connections, sent, answer };
}

t.test('input is sent at the end of its turn', async (t) => {
  const { connections, sent } = await start();
  const [a, b] = connections;
  a.give('x');
  b.give('y');
  t.same(sent, []);
  await nextTurn();
  t.same(sent, ['1 x, 2 y']);
});

t.test('while answers are to be written, input is sent with that of the next turn', async (t) => {
  const { connections, sent, answer } = await start();
  const [a, b] = connections;
  answer(1, 'answer');
  b.give('asked');
  await nextTurn();
  t.equal(a.text, 'answer');
  t.same(sent, []);
  a.give('asked again');
  await nextTurn();
  t.same(sent, ['2 asked, 1 asked again']);
  b.give('next');
  await nextTurn();
  t.same(sent.slice(1), ['2 next'], 'no longer');
});

t.test('delayed input is sent also if the next turn reads nothing', async (t) => {
  const { connections, sent, answer } = await start();
  answer(1, 'answer');
  connections[1].give('asked');
  await nextTurn();
  await nextTurn();
  t.same(sent, ['2 asked']);
});

t.test('a control message is sent after delayed input', async (t) => {
  const { relay, connections, sent, answer } = await start();
  answer(1, 'answer');
  connections[1].give('asked');
  await nextTurn();
  relay.send({ type: 'drain' });
  t.same(sent, ['2 asked', 'drain']);
  await nextTurn();
  t.equal(sent.length, 2);
});
