import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import { switchOff } from '../../src/base/optimisations.js';
import { messagePort } from '../../src/pool/message-port.js';
import type { Control, ThreadPort } from '../../src/pool/thread-port.js';
import { Harness } from './harness.js';

const control = (count: number): Control => ({ type: 'sessions', count, refused: 0 });

function channel(): [ThreadPort, ThreadPort] {
  const { port1, port2 } = new MessageChannel();
  return [messagePort(port1), messagePort(port2)];
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a port receives from now on. */
function record(port: ThreadPort, controlled: () => void = () => {}): (string | number)[] {
  const seen: (string | number)[] = [];
  port.receive({
    batch: (batch) => seen.push(Buffer.from(batch).toString()),
    control(message) {
      seen.push(message.type === 'sessions' ? message.count : -1);
      controlled();
    },
  });
  return seen;
}

t.test('batches and control messages arrive in the order they were sent', async (t) => {
  const [near, far] = channel();
  const bytes = Buffer.from('a');
  near.sendBatch(bytes);
  bytes.fill(0);
  near.sendControl(control(1));
  await turn();
  const seen = record(far);
  near.sendBatch(Buffer.from('b'));
  near.sendControl(control(2));
  while (seen.length < 4) await turn();
  t.same(seen, ['a', 1, 'b', 2]);
  near.close();
  far.close();
});

t.test('a closed port receives and sends nothing more', async (t) => {
  const [near, far] = channel();
  const seen = record(far, () => far.close());
  near.sendControl(control(1));
  near.sendBatch(Buffer.from('late'));
  while (seen.length < 1) await turn();
  far.sendBatch(Buffer.from('closed'));
  for (let turns = 0; turns < 10; turns++) await turn();
  t.same(seen, [1]);
  near.close();
});

t.test('a pool without the ring and without stages serves its sessions', async (t) => {
  switchOff(['ring', 'turn-stages']);
  t.teardown(() => switchOff([]));
  const harness = await Harness.start(t, { program: 'echo', workers: 2 });
  const clients = await harness.connect(10);
  await Promise.all(
    clients.map(async (client, index) => {
      for (const length of [3, 400, 100_000]) {
        const text = `${index}:`.padEnd(length, 'y');
        client.send(text);
        t.equal(await client.take(length), text);
      }
    }),
  );
});
