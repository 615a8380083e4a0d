/** Sessions as bytes: pipelining, nonsense, slow clients, and clients that never read. */
import { Duplex } from 'node:stream';
import t from 'tap';
import { WorkTurns, workUnits } from '../../src/base/work-turns.js';
import { connectionDuplex } from '../../src/net/duplex.js';
import type { Connection } from '../../src/net/types.js';
import type { Product } from '../../src/wire/schemas.js';
import { ManualClock } from '../net/manual-clock.js';
import { connectionPair } from '../net/stage.js';
import { setStage, settle, tux } from './stage.js';

const get = 'GET /products/8 HTTP/1.1\r\nhost: a\r\n\r\n';

t.test('pipelined requests are handled one after the other, in order', async (t) => {
  const waiting: ((product: Product) => void)[] = [];
  const { connect } = await setStage({
    lookup: () => new Promise((resolve) => waiting.push(resolve)),
  });
  const client = connect();
  client.send(get + get + get);
  for (const version of [1, 2, 3]) {
    await settle();
    t.equal(waiting.length, 1, 'one is under way');
    waiting.pop()?.({ ...tux, version });
    t.equal((await client.reply()).json.data.version, version);
  }
});

t.test('the pipelined requests of a disconnected client are not handled', async (t) => {
  const waiting: ((product: Product) => void)[] = [];
  const { connect } = await setStage({
    lookup: () => new Promise((resolve) => waiting.push(resolve)),
  });
  const client = connect();
  client.send(get.repeat(10));
  await settle();
  client.destroy();
  await settle();
  waiting.pop()?.(tux);
  await settle();
  t.equal(waiting.length, 0);
});

t.test('the requests of one session take turns with those of others', async (t) => {
  const asked: number[] = [];
  const { connect } = await setStage({
    lookup: async (params) => {
      asked.push('id' in params ? params.id : 0);
      return tux;
    },
  });
  const [many, one] = [connect(), connect()];
  many.send('GET /products/1 HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(400));
  one.send('GET /products/2 HTTP/1.1\r\nhost: a\r\n\r\n');
  t.equal((await one.reply()).status, 200);
  t.ok(asked.length < 200, `${asked.length} were handled before`);
  for (let reply = 0; reply < 400; reply++) t.equal((await many.reply()).status, 200);
});

t.test('arriving bodies are read in turns', async (t) => {
  const nextTurns: (() => void)[] = [];
  const turns = new WorkTurns({ afterTurn: () => {}, nextTurn: (go) => nextTurns.push(go) });
  const { gateway } = await setStage({}, { turns });
  const clock = new ManualClock();
  const bytes = 1_000_000;
  const head = `POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: ${bytes}\r\n\r\n`;
  let answered = 0;
  const senders: Connection[] = [];
  for (let sender = 0; sender < 8; sender++) {
    const { near, far } = await connectionPair(clock);
    senders.push(near);
    gateway.accept(connectionDuplex(far, clock));
    near.start({ data: () => answered++, closed: () => {} });
    near.write(Buffer.from(head));
  }
  await clock.settle();
  for (const sender of senders) sender.write(Buffer.alloc(bytes, ' '));
  await clock.settle();
  const unread = senders.reduce((sum, sender) => sum + sender.pendingBytes, 0);
  const read = senders.length * bytes - unread;
  t.ok(read < workUnits.turnMax * 1_024 * 1.5, `${read} bytes were read in the first turn`);
  t.ok(nextTurns.length > 0, 'another turn is asked for');
  while (nextTurns.length > 0) {
    for (const go of nextTurns.splice(0)) go();
    await clock.settle();
  }
  t.equal(answered, senders.length, 'all were read in the end');
});

t.test('a client that ended its side after its request still gets the answer', async (t) => {
  let release: ((product: Product) => void) | undefined;
  const { connect } = await setStage({
    lookup: () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  });
  const client = connect();
  client.send(get);
  client.end();
  await settle();
  release?.(tux);
  t.equal((await client.reply()).status, 200);
  t.equal(await client.ended(), '');
});

t.test('a request may arrive byte by byte, and the session stays open', async (t) => {
  const { connect } = await setStage();
  const client = connect();
  const text = '{"name":"Tux","quantity":1}';
  const post = `POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  for (const byte of Buffer.from(post)) client.send(Buffer.of(byte));
  t.equal((await client.reply()).status, 200);
  client.send(get);
  t.equal((await client.reply()).status, 200);
});

t.test('bytes that are not HTTP get 400 in the usual shape, and the session ends', async (t) => {
  const garbage = [
    '\x93\x00\x01\xa6lookup',
    'HELLO\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n',
    'POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
    'POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n',
  ];
  for (const bytes of garbage) {
    const { connect, operations } = await setStage();
    const client = connect();
    client.send(Buffer.from(bytes, 'latin1'));
    const reply = await client.reply();
    t.equal(reply.status, 400, bytes.slice(0, 20));
    t.match(reply.json, { error: { code: 400, type: 'invalid_argument', request_id: /^.{36}$/ } });
    t.equal(await client.ended(), '');
    t.same(operations.asked, []);
  }
});

t.test('an unknown HTTP method is 501, also behind another request', async (t) => {
  const { connect } = await setStage();
  for (const line of ['FOO / HTTP/1.1', 'GETX /products/8 HTTP/1.1', 'get / HTTP/1.0']) {
    const client = connect();
    client.send(`GET /products/8 HTTP/1.1\r\nhost: a\r\n\r\n${line}\r\nhost: a\r\n\r\n`);
    t.equal((await client.reply()).status, 200);
    const reply = await client.reply();
    t.match(reply, { status: 501, json: { error: { code: 501, type: 'unknown_method' } } }, line);
    t.equal(await client.ended(), '');
  }
});

t.test('a head over 16 KiB is 431', async (t) => {
  const { connect } = await setStage();
  const client = connect();
  client.send(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
  const reply = await client.reply();
  t.equal(reply.status, 431);
  t.equal(reply.json.error.type, 'too_large');
});

t.test('HTTP/1.1 without a Host is 400, HTTP/1.0 needs none', async (t) => {
  const { connect } = await setStage();
  const modern = connect();
  modern.send('GET /livez HTTP/1.1\r\n\r\n');
  t.match(await modern.reply(), { status: 400, json: { error: { message: /Host/ } } });
  const old = connect();
  old.send('GET /livez HTTP/1.0\r\n\r\n');
  t.equal((await old.reply()).status, 200);
});

t.test('invalid input behind valid requests does not drop their answers', async (t) => {
  let release: ((product: Product) => void) | undefined;
  const { connect } = await setStage({
    lookup: () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  });
  const client = connect();
  client.send(`${get}nonsense\r\n\r\n`);
  await settle();
  release?.(tux);
  t.equal((await client.reply()).status, 200);
  t.equal((await client.reply()).status, 400);
  t.equal(await client.ended(), '');
});

t.test('an invalid chunk in a body ends the session with 400', async (t) => {
  const { connect, operations } = await setStage();
  const client = connect();
  client.send('POST /orders HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n');
  t.equal((await client.reply()).status, 400);
  await client.ended();
  t.same(operations.asked, []);
});

t.test('a head that arrives too slowly gets 408', async (t) => {
  const { connect, clock } = await setStage();
  const client = connect();
  client.send('GET /products/8 HTTP/1.1\r\n');
  for (let second = 0; second < 12; second++) {
    await settle();
    clock.advance(1_000);
    client.send('x: y\r\n');
  }
  const reply = await client.reply();
  t.equal(reply.status, 408);
  t.equal(reply.json.error.code, 408);
  t.equal(await client.ended(), '');
});

t.test('a body that arrives too slowly gets 408', async (t) => {
  const { connect, clock, operations } = await setStage();
  const client = connect();
  client.send('POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n');
  for (let second = 0; second < 22; second++) {
    await settle();
    clock.advance(1_000);
    client.send(' ');
  }
  t.equal((await client.reply()).status, 408);
  t.equal(await client.ended(), '');
  t.same(operations.asked, []);
});

t.test('a session whose body continues after its refusal is closed', async (t) => {
  const { connect, clock } = await setStage();
  const client = connect();
  client.send('DELETE /products/8 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
  t.equal((await client.reply()).status, 401);
  for (let second = 0; second < 22; second++) {
    await settle();
    clock.advance(1_000);
    client.send('1\r\n \r\n');
  }
  await client.closed();
  t.pass('the stream is gone');
});

t.test('an unused session is closed without an answer, a used one stays open', async (t) => {
  const { connect, clock } = await setStage();
  const silent = connect();
  const used = connect();
  for (let half = 0; half < 4; half++) {
    used.send(get);
    t.equal((await used.reply()).status, 200);
    await settle();
    clock.advance(33_000);
  }
  t.equal(await silent.ended(), '');
});

t.test('a client that does not read its answer is disconnected', async (t) => {
  const { gateway, clock } = await setStage();
  let closed = false;
  const deaf = new Duplex({
    read() {},
    write() {
      // Takes the bytes and never says that they are gone.
    },
  });
  deaf.once('close', () => {
    closed = true;
  });
  gateway.accept(deaf);
  deaf.push(get);
  await settle();
  t.notOk(closed);
  clock.advance(32_000);
  await settle();
  t.ok(closed);
});

t.test('a client that does not end its side after ours is disconnected', async (t) => {
  const { connect, clock } = await setStage();
  const client = connect();
  client.send('nonsense\r\n\r\n');
  t.equal((await client.reply()).status, 400);
  await settle();
  clock.advance(4_000);
  await client.closed();
  t.pass('the stream is gone');
});

t.test('more pipelined requests than allowed end the session', async (t) => {
  const { connect, operations } = await setStage({ lookup: () => new Promise(() => {}) });
  const client = connect();
  client.send(get.repeat(1_100));
  await client.ended();
  t.ok(operations.asked.length <= 1_024, `${operations.asked.length} were started`);
});
