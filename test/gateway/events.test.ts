/** The event stream as a listener has it: what it missed, then everything once, until it is cut. */
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import type { EventBatch, EventSource } from '../../src/frontend/types.js';
import { EventHub } from '../../src/gateway/event-hub.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { type ClientEnd, setStage, settle } from './stage.js';

const retry = 'retry: 2000\n\n';

function batch(through: number, text: string): EventBatch {
  return { through, text };
}

async function setUp(own: Partial<EventSource> = {}) {
  const clock = new ManualClock();
  const begun: unknown[] = [];
  let listening = 0;
  const warnings: Record<string, unknown>[] = [];
  const hub = new EventHub(
    {
      async begin(lastId, withHistory) {
        begun.push([lastId, withHistory]);
        return batch(7, '');
      },
      listening: () => listening++,
      ...own,
    },
    clock,
    { ...silentLogger, warn: (fields) => void warnings.push(fields) },
  );
  const stage = await setStage({}, { events: hub, clock });
  const listen = async (path = '/events', head = ''): Promise<ClientEnd> => {
    const client = stage.connect();
    client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n${head}\r\n`);
    await settle();
    return client;
  };
  return { ...stage, clock, hub, begun, listen, warnings, listening: () => listening };
}

/** The body's text without the chunks' sizes. */
function bodyOf(received: string): string {
  const body = received.slice(received.indexOf('\r\n\r\n') + 4);
  return body.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '').replace(/\r\n$/, '');
}

t.test('a listener gets new events as they arrive', async (t) => {
  const { hub, listen, begun } = await setUp();
  const client = await listen();
  t.match(client.received, /^HTTP\/1.1 200 OK\r\n/);
  t.match(client.received, /\r\ncontent-type: text\/event-stream\r\n/);
  t.match(client.received, /\r\nx-accel-buffering: no\r\n/, 'nginx is not to hold events back');
  t.match(client.received, /\r\nx-request-id: /);
  hub.publish(batch(7, 'old\n\n'));
  hub.publish(batch(8, 'new\n\n'));
  await settle();
  t.equal(bodyOf(client.received), `${retry}new\n\n`, 'no event from before the listener began');
  t.same(begun, [[undefined, false]]);
  hub.invariants();
  client.end();
});

t.test('events that arrive before the owner’s answer follow the missed ones', async (t) => {
  let answer: (first: EventBatch) => void = () => {};
  const begin = (): Promise<EventBatch> =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const { hub, listen } = await setUp({ begin });
  const client = await listen();
  for (const through of [4, 5, 6]) hub.publish(batch(through, `event ${through}\n\n`));
  hub.invariants();
  answer(batch(5, 'missed 3 to 5\n\n'));
  await settle();
  t.equal(bodyOf(client.received), `${retry}missed 3 to 5\n\nevent 6\n\n`);
  client.end();
});

t.test('the last id and the request for history are passed on', async (t) => {
  const { listen, begun } = await setUp();
  for (const [path, head] of [
    ['/events?history', ''],
    ['/events?history=1', ''],
    ['/events', 'Last-Event-ID: life-42\r\n'],
    ['/events', 'Last-Event-ID: {strange}\r\n'],
  ] as const) {
    (await listen(path, head)).end();
  }
  t.same(begun, [
    [undefined, true],
    [undefined, true],
    ['life-42', false],
    ['unknown-0', false],
  ]);
});

t.test('listeners that do not read are closed, and logged once; others continue', async (t) => {
  const { hub, listen, warnings } = await setUp();
  const slow = await Promise.all(Array.from({ length: 50 }, () => listen()));
  const other = await listen();
  for (const client of slow) client.stopReading();
  const text = `${'x'.repeat(50_000)}\n\n`;
  for (let through = 8; through < 20; through++) {
    hub.publish(batch(through, text));
    await settle();
  }
  t.equal(hub.size, 1);
  t.ok(other.received.length > 12 * text.length);
  t.match(warnings, [{ listeners: 1, pendingBytesMax: 262_144 }]);
  other.end();
});

t.test('the number of listeners is limited, and one that leaves makes room', async (t) => {
  const { hub, listen, ask } = await setUp();
  const clients = await Promise.all(Array.from({ length: 200 }, () => listen()));
  t.equal(hub.size, 200);
  hub.invariants();
  const refused = await ask('GET', '/events');
  t.match(refused, { status: 429, json: { error: { type: 'overloaded' } } });
  t.ok(refused.headers.has('retry-after'));
  clients[0]?.destroy();
  await settle();
  t.match((await listen()).received, /^HTTP\/1.1 200/);
  for (const client of clients) client.destroy();
});

t.test('a listener that hangs up frees its place at once, in any way', async (t) => {
  const { hub, listen, connect } = await setUp();
  for (const leave of ['end', 'destroy'] as const) {
    const client = await listen();
    t.equal(hub.size, 1);
    client[leave]();
    await settle();
    t.equal(hub.size, 0, leave);
  }
  const early = connect();
  early.send('GET /events HTTP/1.1\r\nhost: a\r\n\r\n');
  early.end();
  await settle();
  t.equal(hub.size, 0, 'one that had hung up before its stream began');
  const double = connect();
  double.send('GET /events HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(2));
  await settle();
  double.destroy();
  await settle();
  t.equal(hub.size, 0, 'one whose second stream waits behind the first');
});

t.test('the limit applies to listeners that arrive in one turn', async (t) => {
  const { hub, connect } = await setUp();
  const clients = Array.from({ length: 230 }, () => connect());
  for (const client of clients) client.send('GET /events HTTP/1.1\r\nhost: a\r\n\r\n');
  await settle();
  t.equal(hub.size, 200);
  hub.invariants();
  const refused = clients.filter(({ received }) => received.startsWith('HTTP/1.1 429'));
  t.equal(refused.length, 30);
  for (const client of clients) client.destroy();
});

t.test('an idle stream stays open with heartbeats, and the owner is told of it', async (t) => {
  const { clock, listen, listening } = await setUp();
  clock.advance(10_000);
  t.equal(listening(), 0, 'not while nobody listens');
  const client = await listen();
  clock.advance(15_000);
  t.equal(listening(), 15);
  clock.advance(120_000);
  await settle();
  t.equal(bodyOf(client.received), `${retry}${':\n\n'.repeat(9)}`);
  client.end();
});

t.test('if the owner cannot be asked, the stream ends', async (t) => {
  const { listen } = await setUp({ begin: () => Promise.reject(new Error('closing')) });
  const client = await listen();
  t.match(client.received, /\r\n0\r\n\r\n$/, 'the last chunk');
  client.end();
});

t.test('draining ends the streams', async (t) => {
  const { hub, gateway, listen, ask } = await setUp();
  const client = await listen();
  hub.close();
  const refused = await ask('GET', '/events');
  t.equal(refused.status, 503);
  const drained = gateway.drain();
  await client.ended();
  client.end();
  await drained;
  await gateway.close();
});

t.test('HEAD returns only the head', async (t) => {
  const { ask, begun } = await setUp();
  const reply = await ask('HEAD', '/events');
  t.equal(reply.status, 200);
  t.equal(reply.headers.get('content-type'), 'text/event-stream');
  t.same(begun, []);
});
