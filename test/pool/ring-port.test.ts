import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { RingWriter } from '../../src/pool/ring.js';
import { ringPair, ringPort } from '../../src/pool/ring-port.js';
import type { Control, ThreadPort } from '../../src/pool/thread-port.js';

const capacity = 64 * 1024;

const control = (count: number): Control => ({ type: 'sessions', count, refused: 0 });

/** Both ends of a channel in this thread. */
function channel(): [ThreadPort, ThreadPort] {
  const { port1, port2 } = new MessageChannel();
  const [rings1, rings2] = ringPair();
  return [ringPort(port1, rings1), ringPort(port2, rings2)];
}

/** What an end is given, bytes that touch as one, until there are so many of them and of controls. */
function collect(port: ThreadPort, total: number): Promise<(string | number)[]> {
  const seen: (string | number)[] = [];
  let left = total;
  return new Promise((resolve) => {
    const got = (what: string | number, count: number): void => {
      const last = seen.at(-1);
      if (typeof what === 'string' && typeof last === 'string') seen[seen.length - 1] = last + what;
      else seen.push(what);
      left -= count;
      if (left === 0) resolve(seen);
    };
    port.receive({
      batch: (batch) => got(Buffer.from(batch).toString('latin1'), batch.byteLength),
      control: (message) => got(message.type === 'sessions' ? message.count : -1, 1),
    });
    if (total === 0) resolve(seen);
  });
}

/** What an end is given from now on: of each batch the first letters, and that a control came. */
function record(port: ThreadPort, controlled: () => void = () => {}): string[] {
  const seen: string[] = [];
  port.receive({
    batch: (batch) => seen.push(Buffer.from(batch).toString().slice(0, 6)),
    control() {
      seen.push('control');
      controlled();
    },
  });
  return seen;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('batches of all sizes and control messages arrive in the order they were sent', async () => {
  const sent = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 50 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * capacity }) },
    { weight: 1, arbitrary: fc.constant('control' as const) },
    { weight: 1, arbitrary: fc.constant('turn' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { maxLength: 40 }), async (steps) => {
      const [near, far] = channel();
      const expected: (string | number)[] = [];
      const pieces = steps.filter((step) => step !== 'turn');
      const total = pieces.reduce<number>((sum, step) => sum + (step === 'control' ? 1 : step), 0);
      const all = collect(far, total);
      for (const [index, step] of steps.entries()) {
        const last = expected.at(-1);
        if (step === 'turn') await turn();
        else if (step === 'control') {
          near.sendControl(control(index));
          expected.push(index);
        } else {
          const text = String.fromCharCode(97 + (index % 26)).repeat(step);
          const bytes = Buffer.from(text);
          near.sendBatch(bytes);
          bytes.fill(0);
          if (typeof last === 'string') expected[expected.length - 1] = last + text;
          else expected.push(text);
        }
      }
      const got = await all;
      near.close();
      far.close();
      return JSON.stringify(got) === JSON.stringify(expected);
    }),
    { numRuns: 100, endOnFailure: true },
  );
});

t.test('messages sent before the receiver is set are kept', async (t) => {
  const [near, far] = channel();
  near.sendBatch(Buffer.from('a'));
  near.sendControl(control(1));
  near.sendBatch(Buffer.from('b'));
  await turn();
  t.same(await collect(far, 3), ['a', 1, 'b']);
  near.close();
  far.close();
});

t.test('a closed port receives nothing more', async (t) => {
  const [near, far] = channel();
  const seen = record(far, () => far.close());
  near.sendBatch(Buffer.from('a'));
  near.sendControl(control(1));
  near.sendBatch(Buffer.from('b'));
  near.sendControl(control(2));
  while (seen.length < 2) await turn();
  near.sendBatch(Buffer.from('c'));
  for (let turns = 0; turns < 10; turns++) await turn();
  t.same(seen, ['a', 'control']);
  near.close();
});

t.test('after the other side has closed, its earlier messages still arrive', async (t) => {
  const [near, far] = channel();
  const seen = record(far);
  near.sendBatch(Buffer.from('before'));
  near.sendControl(control(1));
  near.sendBatch(Buffer.alloc(2 * capacity, 'large '));
  near.close();
  near.sendBatch(Buffer.alloc(2 * capacity, 'closed'));
  near.sendControl(control(2));
  near.sendBatch(Buffer.from('behind'));
  for (let turns = 0; turns < 20; turns++) await turn();
  t.same(seen, ['before', 'control', 'large ']);
  far.close();
});

t.test('a closed side sends nothing', async (t) => {
  const [near, far] = channel();
  const seen = record(far);
  near.sendBatch(Buffer.from('before'));
  near.close();
  near.sendBatch(Buffer.from('behind'));
  for (let turns = 0; turns < 20; turns++) await turn();
  t.same(seen, ['before']);
  far.close();
});

t.test('an announced parcel that never arrives stops the waiting side', async (t) => {
  const { port1, port2 } = new MessageChannel();
  const [rings1, rings2] = ringPair();
  const gone = new RingWriter(rings2.output);
  gone.parcelSent();
  gone.write(Buffer.from('behind'));
  port2.close();
  const far = ringPort(port1, rings1);
  const seen: string[] = [];
  far.receive({
    batch: (batch) => seen.push(Buffer.from(batch).toString()),
    control: () => seen.push('control'),
  });
  for (let turns = 0; turns < 20; turns++) await turn();
  t.same(seen, []);
  far.close();
});

/** A thread that sends back all it gets. */
async function echoThread(t: Test): Promise<ThreadPort> {
  const { port1, port2 } = new MessageChannel();
  const [rings, threadRings] = ringPair();
  const worker = new Worker(new URL('./programs/ring-echo.js', import.meta.url), {
    workerData: { port: port2, rings: threadRings },
    transferList: [port2],
  });
  await once(worker, 'online');
  const port = ringPort(port1, rings);
  t.teardown(async () => {
    port.close();
    await worker.terminate();
  });
  return port;
}

t.test('no wake-up is lost between two threads, at any time of falling asleep', async (t) => {
  const port = await echoThread(t);
  const rounds = 30_000;
  let round = 0;
  let expected = '';
  let got = '';
  await new Promise<void>((resolve) => {
    const next = (): void => {
      if (round === rounds) {
        resolve();
        return;
      }
      // From none to many others, so that the other side is met at every point of its way to sleep.
      for (let spin = (round * 7919) % 4_001; spin > 0; spin--) Math.sqrt(spin);
      expected = `${round++} `.padEnd(4 + (round % 5) * 4);
      got = '';
      port.sendBatch(Buffer.from(expected));
    };
    port.receive({
      batch(batch) {
        got += Buffer.from(batch).toString();
        if (got === expected) next();
        else if (!expected.startsWith(got)) resolve();
      },
      control: () => {},
    });
    next();
  });
  t.equal(got, expected);
  t.equal(round, rounds);
});

t.test('megabytes and control messages keep their order between two threads', async (t) => {
  const port = await echoThread(t);
  const total = 8 * 1024 * 1024;
  let [sent, received, controlsSent, controls] = [0, 0, 0, 0];
  const state = { wrong: 0 };
  await new Promise<void>((resolve) => {
    port.receive({
      batch(batch) {
        for (const word of new Uint32Array(batch)) {
          if (word !== received) state.wrong++;
          received += 4;
        }
        if (received >= total && controls === controlsSent) resolve();
      },
      control(message) {
        // It was sent when so much was.
        if (message.type !== 'sessions' || message.count !== received) state.wrong++;
        controls++;
        if (received >= total && controls === controlsSent) resolve();
      },
    });
    const send = (): void => {
      for (let pieces = 0; pieces < 8 && sent < total; pieces++) {
        const words = new Uint32Array(1 + ((sent * 31) % 12_289));
        for (let i = 0; i < words.length; i++, sent += 4) words[i] = sent;
        port.sendBatch(new Uint8Array(words.buffer));
        if (pieces !== 3) continue;
        port.sendControl(control(sent));
        controlsSent++;
      }
      if (sent < total) setImmediate(send);
    };
    send();
  });
  t.equal(received, sent);
  t.equal(controls, controlsSent);
  t.equal(state.wrong, 0);
});
