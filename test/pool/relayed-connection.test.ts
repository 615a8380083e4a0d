import t from 'tap';
import { systemClock } from '../../src/base/clock.js';
import { BatchWriter, kinds, readBatch } from '../../src/pool/batch.js';
import { relayLimits } from '../../src/pool/limits.js';
import { RelayedConnection } from '../../src/pool/relayed-connection.js';

const limits = relayLimits({ inputBytesMax: 400, outputBytesMax: 400, creditBytes: 100 });

/** A session of its own, what the owner would get of it, and what its handlers saw. */
function start(handlers: { readonly data?: (text: string) => void } = {}) {
  const sent: string[] = [];
  const names = Object.entries(kinds);
  const writer = new BatchWriter(
    systemClock,
    (batch) =>
      readBatch(new Uint8Array(batch).buffer, {
        record(kind, _session, bytes, offset, length) {
          const name = names.find(([, value]) => value === kind)?.[0];
          const text = Buffer.from(bytes, offset, length).toString();
          if (kind !== kinds.credit) sent.push(`${name} ${text}`.trim());
          else sent.push(`credit ${new Uint32Array(bytes, offset, 1)[0]}`);
        },
      }),
    () => {},
  );
  const seen: string[] = [];
  const failures: unknown[] = [];
  const connection = new RelayedConnection(
    5,
    'peer',
    writer,
    limits,
    () => 1,
    (failed, error) => {
      failures.push(error);
      failed.abort(error instanceof Error ? error : undefined);
    },
  );
  const begin = (): void =>
    connection.start({
      data(chunk) {
        const text = Buffer.from(chunk).toString();
        seen.push(text);
        handlers.data?.(text);
      },
      end: () => seen.push('end'),
      drained: () => seen.push('drained'),
      closed: (error) => seen.push(`closed ${error?.message ?? ''}`.trim()),
    });
  const owner = (): string[] => {
    writer.flush();
    return sent.splice(0);
  };
  return { connection, seen, failures, begin, owner };
}

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('input before start is queued, and the close too', async (t) => {
  const { connection, seen, begin } = start();
  connection.received(Buffer.from('a'));
  connection.peerEnded();
  connection.socketClosed(new Error('reset'));
  begin();
  t.same(seen, [], 'not within start');
  await microtasks();
  t.same(seen, ['a', 'end', 'closed reset']);
});

t.test('input while paused is queued in order, with the end', async (t) => {
  const { connection, seen, begin, owner } = start();
  begin();
  connection.pause();
  connection.pause();
  const chunk = Buffer.from('a');
  connection.received(chunk);
  chunk.fill(0);
  connection.received(Buffer.from('b'));
  connection.peerEnded();
  t.same(seen, []);
  connection.resume();
  connection.received(Buffer.from('c'));
  t.same(seen, [], 'nothing overtakes');
  await microtasks();
  t.same(seen, ['a', 'b', 'c', 'end']);
  t.same(owner(), ['pause', 'resume']);
});

t.test('a pause while queued bytes are delivered keeps the rest queued', async (t) => {
  const { connection, seen, begin } = start({
    data: (text) => {
      if (text === 'a') connection.pause();
    },
  });
  begin();
  connection.pause();
  connection.received(Buffer.from('a'));
  connection.received(Buffer.from('b'));
  connection.resume();
  await microtasks();
  t.same(seen, ['a']);
  connection.resume();
  await microtasks();
  t.same(seen, ['a', 'b']);
});

t.test('consumed bytes are reported in portions, queued ones are not', async (t) => {
  const { connection, begin, owner } = start();
  begin();
  connection.received(Buffer.alloc(99));
  t.same(owner(), []);
  connection.received(Buffer.alloc(1));
  t.same(owner(), ['credit 100']);
  connection.pause();
  connection.received(Buffer.alloc(300));
  t.same(owner(), ['pause']);
  connection.resume();
  await microtasks();
  t.same(owner(), ['resume', 'credit 300']);
});

t.test('write returns false at the limit; drained comes after the owner’s report', async (t) => {
  const { connection, seen, begin } = start();
  begin();
  t.equal(connection.write(Buffer.alloc(399)), true);
  t.equal(connection.write(Buffer.alloc(1)), false);
  t.equal(connection.pendingBytes, 300);
  connection.taken(200);
  t.same(seen, []);
  connection.taken(100);
  t.same(seen, ['drained']);
  t.equal(connection.pendingBytes, 0);
  connection.taken(100);
  t.same(seen, ['drained']);
});

t.test('end is sent once, and nothing is written after it', async (t) => {
  const { connection, seen, begin, owner } = start();
  begin();
  connection.write(Buffer.from('last'));
  connection.end();
  connection.end();
  t.equal(connection.write(Buffer.from('more')), false);
  connection.received(Buffer.from('still read'));
  t.same(owner(), ['data last', 'end']);
  connection.socketClosed(undefined);
  t.same(seen, ['still read', 'closed']);
  connection.destroy();
  connection.pause();
  t.same(owner(), []);
});

t.test('a destroyed session gets only its close, with the reason given here', async (t) => {
  const { connection, seen, begin, owner } = start();
  begin();
  connection.destroy(new Error('enough'));
  connection.destroy(new Error('again'));
  connection.received(Buffer.from('late'));
  connection.peerEnded();
  connection.taken(0);
  t.same(owner(), ['closed']);
  connection.socketClosed(undefined);
  t.same(seen, ['closed enough']);
});

t.test('a handler that throws fails its session, and further input is dropped', async (t) => {
  const failure = new Error('a bug');
  const { connection, seen, failures, begin } = start({
    data() {
      throw failure;
    },
  });
  connection.received(Buffer.from('a'));
  connection.received(Buffer.from('b'));
  begin();
  await microtasks();
  t.same(failures, [failure]);
  connection.socketClosed(undefined);
  t.same(seen, ['a', 'closed a bug']);
});

t.test('a connection can be started once', async (t) => {
  const { begin } = start();
  begin();
  t.throws(begin, { name: 'AssertionError' });
});
