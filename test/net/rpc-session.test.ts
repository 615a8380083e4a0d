import fc from 'fast-check';
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { WorkTurns } from '../../src/base/work-turns.js';
import type { RpcReply } from '../../src/net/open-requests.js';
import { type RpcHandler, RpcSession } from '../../src/net/rpc-session.js';
import type { Connection, ConnectionEvents } from '../../src/net/types.js';
import { encode } from '../../src/wire/codec.js';
import { Encoded } from '../../src/wire/message.js';
import { ManualClock } from './manual-clock.js';
import { framed, rawAgainst, sessionPair } from './stage.js';

const echo: RpcHandler = {
  request: (_session, _method, params, reply) => reply.result(params),
};

/** Keeps the replies for later. */
function keeper(): RpcHandler & { replies: RpcReply[]; params: unknown[] } {
  const replies: RpcReply[] = [];
  const params: unknown[] = [];
  return {
    replies,
    params,
    request(_session, _method, given, reply) {
      replies.push(reply);
      params.push(given);
    },
  };
}

/** What a session did with its connection. */
interface Seen {
  readonly writes: number[];
  /** At the bytes that wait. */
  looks: number;
  input: ConnectionEvents | undefined;
}

function watched(connection: Connection, seen: Seen): Connection {
  return {
    remote: connection.remote,
    get pendingBytes() {
      seen.looks++;
      return connection.pendingBytes;
    },
    start(events) {
      seen.input = events;
      connection.start(events);
    },
    write(bytes) {
      seen.writes.push(bytes.length);
      return connection.write(bytes);
    },
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    end: () => connection.end(),
    destroy: (error) => connection.destroy(error),
  };
}

t.test('a handler learns which requests arrived together', async (t) => {
  const told: string[] = [];
  const { clock, near } = await sessionPair({
    far: {
      inputBegins: () => told.push('begins'),
      request: (_session, method, _params, reply) => {
        told.push(method);
        if (method === 'thrown') throw new BazarError('internal', 'as a test wants');
        reply.result(null);
      },
      inputEnds: () => told.push('ends'),
    },
  });
  const calls = ['one', 'two', 'thrown'].map((method) => near.call(method, {}, 1_000));
  for (const call of calls) call.catch(() => {});
  await clock.settle();
  await Promise.allSettled(calls);
  t.same(told, ['one', 'begins', 'two', 'thrown', 'ends']);
});

t.test('a request without time left is not sent', async (t) => {
  const far = keeper();
  const { clock, near } = await sessionPair({ far });
  const codes: unknown[] = [];
  for (const timeoutMs of [0, -1]) {
    near.request('m', {}, timeoutMs, (error) => codes.push(error?.code, error?.details.unknown));
  }
  t.same(codes, [], 'the callback never comes before the call returns');
  await clock.settle();
  t.same(codes, ['deadline_exceeded', false, 'deadline_exceeded', false]);
  t.equal(far.params.length, 0);
});

t.test('many requests in flight get their own answers, in any order', async (t) => {
  for (const pieceBytesMax of [1, 7, 65_536]) {
    const far = keeper();
    const { clock, near } = await sessionPair({ far, network: { pieceBytesMax } });
    const calls = Array.from({ length: 300 }, (_, n) => near.call('echo', { n }, 1_000));
    await clock.settle();
    far.replies.forEach((_, i) => {
      const at = far.replies.length - 1 - i;
      far.replies[at]?.result(far.params[at]);
    });
    await clock.settle();
    t.same(
      await Promise.all(calls),
      Array.from({ length: 300 }, (_, n) => ({ n })),
    );
    t.equal(clock.timerCount, 1, 'one timer for all deadlines');
  }
});

t.test('both sides send requests and notifications', async (t) => {
  const told: unknown[] = [];
  const { clock, near, far } = await sessionPair({
    near: { ...echo, notification: (_session, method, params) => told.push([method, params]) },
    far: echo,
  });
  const calls = [near.call('echo', { from: 'near' }, 100), far.call('echo', { from: 'far' }, 100)];
  t.equal(far.notify('news', [1, 2]), true);
  await clock.settle();
  t.same(await Promise.all(calls), [{ from: 'near' }, { from: 'far' }]);
  t.same(told, [['news', [1, 2]]]);
});

t.test('encoded values are sent unchanged', async (t) => {
  const { clock, near } = await sessionPair({
    far: { request: (_s, _m, params, reply) => reply.encoded(encode({ got: params })) },
  });
  const call = near.call('echo', new Encoded(encode({ a: 1 })), 100);
  await clock.settle();
  t.same(await call, { got: { a: 1 } });
});

t.test(
  'all answers of one turn leave in one write, whichever chunk held the requests',
  async (t) => {
    const seen: Seen = { writes: [], looks: 0, input: undefined };
    const { writes } = seen;
    const kept: RpcReply[] = [];
    const far: RpcHandler = {
      request(_session, method, params, reply) {
        if (method === 'now') reply.result(params);
        else kept.push(reply);
      },
    };
    const { clock, near } = await sessionPair({
      far,
      wrap: (connection) => watched(connection, seen),
    });
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i++) calls.push(near.call(i % 2 === 0 ? 'now' : 'later', {}, 100));
    await clock.settle();
    t.equal(writes.length, 1, 'what was answered at once');
    for (const reply of kept) reply.result({});
    t.equal(writes.length, 1, 'nothing leaves before the end of the turn');
    await clock.settle();
    t.equal(writes.length, 2, 'what was answered later');
    await Promise.all(calls);
    const chunk = framed(encode([0, 1_000, 'now', {}]));
    seen.input?.data(chunk);
    seen.input?.data(chunk);
    t.equal(writes.length, 2, 'nothing leaves while the turn may bring more');
    await clock.settle();
    t.equal(writes.length, 3, 'what two chunks asked for');
  },
);

t.test('a call fails at its deadline, and a late answer is ignored', async (t) => {
  const far = keeper();
  const { clock, near } = await sessionPair({ far });
  const slow = near.call('slow', {}, 50);
  const patient = near.call('patient', {}, 500);
  const refused = t.rejects(slow, { code: 'deadline_exceeded', details: { unknown: true } });
  await clock.advance(49);
  t.equal(far.replies.length, 2);
  await clock.advance(10);
  await refused;
  far.replies[0]?.result('late');
  far.replies[1]?.result('in time');
  await clock.settle();
  t.equal(await patient, 'in time');
});

t.test('calls with the same deadline fail in the order in which they were sent', async (t) => {
  const { clock, near } = await sessionPair({ far: { request: () => {} } });
  const failed: number[] = [];
  for (let i = 0; i < 300; i++) near.request('slow', [], 50, () => failed.push(i));
  await clock.settle();
  clock.advance(60);
  await clock.settle();
  t.same(
    failed,
    Array.from({ length: 300 }, (_none, i) => i),
  );
});

t.test('the error of a lost connection says whether the outcome is unknown', async (t) => {
  const far = keeper();
  const { clock, near, network } = await sessionPair({ far });
  const left = near.call('sent', {}, 1_000);
  await clock.settle();
  const stayed = near.call('not sent', {}, 1_000);
  const after = t.rejects(left, { code: 'unavailable', details: { unknown: true } });
  const before = stayed.catch((error: BazarError) => error);
  near.destroy();
  await clock.settle();
  await after;
  const error = await before;
  t.match(error, { code: 'unavailable' });
  t.notOk((error as BazarError).details.unknown);
  await t.rejects(Promise.all([near.call('too late', {}, 100), clock.settle()]), {
    code: 'unavailable',
  });
  t.equal(near.notify('too late', {}), false);
  t.doesNotThrow(() => far.replies[0]?.result('to nobody'));
  network.heal('a', 'b');
});

t.test('a session at its limit of requests in flight stops reading', async (t) => {
  const far = keeper();
  const { clock, near } = await sessionPair({ far, farOptions: { inFlightMax: 8 } });
  const calls = Array.from({ length: 30 }, (_, n) => near.call('m', n, 1_000));
  await clock.settle();
  t.equal(far.replies.length, 8);
  far.replies[3]?.result(3);
  await clock.settle();
  t.equal(far.replies.length, 9, 'one answered, one more is read');
  for (let i = 0; i < far.replies.length; i++) {
    if (far.replies[i]?.given === false) far.replies[i]?.result(far.params[i]);
    await clock.settle();
  }
  t.same(
    await Promise.all(calls),
    Array.from({ length: 30 }, (_, n) => n),
  );
});

t.test(
  'a session stops reading from a peer that reads no answers, and its memory stays bounded',
  async (t) => {
    const answer = Buffer.alloc(10_000, 'x');
    let asked = 0;
    const { clock, raw, session } = await rawAgainst(
      {
        request(_session, _method, _params, reply) {
          asked++;
          reply.result(answer);
        },
      },
      { outputBytesMax: 100_000 },
    );
    raw.connection.pause();
    for (let n = 0; n < 1_000; n++) raw.send([0, n, 'm', {}]);
    await clock.settle();
    t.ok(session.pendingBytes < 200_000, `${session.pendingBytes} bytes wait`);
    t.ok(asked < 20, `${asked} requests were read`);
    raw.connection.resume();
    await clock.settle();
    t.equal(asked, 1_000);
    t.equal(raw.messages().length, 1_000);
  },
);

t.test(
  'a session checks a connection’s pending bytes once a turn, not for each request',
  async (t) => {
    const looks: number[] = [];
    for (const requests of [1, 200]) {
      const seen: Seen = { writes: [], looks: 0, input: undefined };
      const { clock } = await sessionPair({
        far: echo,
        farOptions: { inFlightMax: requests },
        wrap: (connection) => watched(connection, seen),
      });
      const frames = Array.from({ length: requests }, (_, n) => framed(encode([0, n, 'm', {}])));
      seen.input?.data(Buffer.concat(frames));
      await clock.settle();
      looks.push(seen.looks);
    }
    t.same(looks, [looks[0], looks[0]]);
  },
);

t.test('a session whose peer takes no output is closed', async (t) => {
  const far = keeper();
  const { clock, raw, session } = await rawAgainst(far, { outputBytesMax: 70_000 });
  for (let n = 0; n < 10; n++) raw.send([0, n, 'm', {}]);
  await clock.settle();
  raw.connection.pause();
  for (const reply of far.replies) reply.result(Buffer.alloc(30_000));
  await clock.settle();
  t.ok(session.closed);
});

t.test('calls into a full output are refused, not queued', async (t) => {
  const { clock, raw, session } = await rawAgainst(echo, { outputBytesMax: 70_000 });
  raw.connection.pause();
  t.equal(session.notify('m', Buffer.alloc(80_000)), true);
  t.equal(session.notify('m', {}), false);
  const call = t.rejects(session.call('m', {}, 100), { code: 'overloaded' });
  await clock.settle();
  await call;
  t.equal(session.notify('m', {}), false, 'the connection has them');
  raw.connection.resume();
  await clock.settle();
  t.equal(session.notify('m', {}), true);
});

t.test('drain refuses new requests and waits for the answers under way to leave', async (t) => {
  const far = keeper();
  const stage = await sessionPair({ far });
  const { clock, near } = stage;
  const first = near.call('m', {}, 1_000);
  await clock.settle();
  let drained = false;
  const draining = stage.far.drain().then(() => {
    drained = true;
  });
  const second = t.rejects(near.call('m', {}, 1_000), { code: 'unavailable' });
  await clock.settle();
  await second;
  t.equal(drained, false);
  far.replies[0]?.result('done');
  await clock.advance(10);
  await draining;
  t.equal(await first, 'done');
});

t.test('a drain ends when its connection closes', async (t) => {
  const far = keeper();
  const stage = await sessionPair({ far });
  const call = t.rejects(stage.near.call('m', {}, 1_000), { code: 'unavailable' });
  await stage.clock.settle();
  const draining = stage.far.drain();
  stage.near.destroy();
  await stage.clock.settle();
  await draining;
  await call;
});

t.test('errors of a handler become answers', async (t) => {
  const { clock, near } = await sessionPair({
    far: {
      request(_session, method) {
        if (method === 'expected') {
          throw new BazarError('out_of_stock', 'only 3', { details: { available: 3 } });
        }
        throw new TypeError('secret detail');
      },
    },
  });
  const expected = near.call('expected', {}, 100);
  const bug = near.call('bug', {}, 100);
  const checks = Promise.all([
    t.rejects(expected, { code: 'out_of_stock', details: { available: 3 } }),
    t.rejects(bug, { code: 'internal', message: 'internal error' }),
  ]);
  await clock.settle();
  await checks;
});

t.test('a request is answered once', async (t) => {
  const far = keeper();
  const { clock, near } = await sessionPair({ far });
  const call = near.call('m', {}, 100);
  await clock.settle();
  far.replies[0]?.result(1);
  t.throws(() => far.replies[0]?.result(2), { name: 'AssertionError' });
  t.throws(() => far.replies[0]?.fail(new BazarError('internal', 'x')), {
    name: 'AssertionError',
  });
  await clock.settle();
  t.equal(await call, 1);
});

t.test('a message larger than a frame is refused before it leaves', async (t) => {
  const { clock, near } = await sessionPair({
    far: { request: (_s, _m, _p, reply) => reply.result(Buffer.alloc(2_000)) },
    nearOptions: { frameBytesMax: 1_000 },
    farOptions: { frameBytesMax: 1_000 },
  });
  const answer = t.rejects(near.call('m', {}, 100), { code: 'too_large' });
  const request = t.rejects(near.call('m', Buffer.alloc(1_001), 100), { code: 'too_large' });
  t.equal(near.notify('m', Buffer.alloc(1_001)), false);
  await clock.settle();
  await Promise.all([answer, request]);
  t.notOk(near.closed);
});

t.test('a bad message gets an error answer with its id, and the session continues', async (t) => {
  const { clock, raw, session } = await rawAgainst(echo);
  raw.sendBytes(framed(Buffer.from('940007a16d91d40000', 'hex'))); // an extension type
  raw.sendBytes(framed(Buffer.from('940008a16d81a95f5f70726f746f5f5f80', 'hex'))); // __proto__
  raw.sendBytes(framed(Buffer.from('940009a16da1ff', 'hex'))); // not UTF-8
  raw.sendBytes(framed(Buffer.from('93000aa16d', 'hex'))); // no params
  raw.sendBytes(framed(Buffer.concat([Buffer.from('94000ba16d', 'hex'), deep(1_000)])));
  raw.send([0, 12, 'm', { fine: true }]);
  await clock.settle();
  t.match(raw.messages(), [
    [1, 7, { code: 'invalid_argument' }, null],
    [1, 8, { code: 'invalid_argument' }, null],
    [1, 9, { code: 'invalid_argument' }, null],
    [1, 10, { code: 'invalid_argument' }, null],
    [1, 11, { code: 'invalid_argument' }, null],
    [1, 12, null, { fine: true }],
  ]);
  t.notOk(session.closed);
});

function deep(depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(0xc0)]);
}

t.test('an invalid stream gets the reason and is closed', async (t) => {
  const streams: [string, Buffer, string][] = [
    ['a length over the cap', Buffer.from('7fffffff', 'hex'), 'too_large'],
    ['an empty frame', Buffer.from('00000000', 'hex'), 'invalid_argument'],
    ['garbage', framed(Buffer.from('c1c1c1', 'hex')), 'invalid_argument'],
    ['two values in a frame', framed(Buffer.from('0101', 'hex')), 'invalid_argument'],
    ['no message', framed(Buffer.from('81a16101', 'hex')), 'invalid_argument'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'too_large'],
  ];
  for (const [name, bytes, code] of streams) {
    const { clock, raw } = await rawAgainst(echo);
    raw.send([0, 1, 'm', {}]);
    raw.sendBytes(bytes);
    raw.send([0, 2, 'm', {}]);
    await clock.settle();
    t.match(raw.messages(), [
      [1, 1, null, {}],
      [1, null, { code }, null],
    ]);
    t.equal(raw.messages().length, 2, name);
    t.ok(raw.ended, name);
    t.ok(raw.closed, name);
  }
});

t.test(
  'a peer that ends while reading is paused gets its answer, and the session ends',
  async (t) => {
    const request = framed(encode([0, 1, 'm', {}]));
    for (const rest of [0, 5]) {
      for (const drains of [false, true]) {
        let input: ConnectionEvents | undefined;
        const calls: string[] = [];
        const connection: Connection = {
          remote: 'ends',
          pendingBytes: 0,
          start: (given) => {
            input = given;
          },
          write: () => calls.push('write') > 0,
          pause: () => calls.push('pause'),
          resume: () => calls.push('resume'),
          end: () => calls.push('end'),
          destroy: () => calls.push('destroy'),
        };
        const clock = new ManualClock();
        const far = keeper();
        const session = new RpcSession(connection, {
          handler: far,
          clock,
          trusted: false,
          frameBytesMax: 2 ** 20,
          inFlightMax: 1,
        });
        // A socket tells of the end also while it is paused, if nothing else is left to be read.
        input?.data(Buffer.concat([request, request.subarray(0, rest)]));
        let isDrained = false;
        if (drains) void session.drain().then(() => (isDrained = true));
        else input?.end?.();
        await clock.settle();
        t.same(calls, ['pause']);
        far.replies[0]?.result({});
        await clock.settle();
        t.same(calls, ['pause', 'write', 'resume', ...(drains ? [] : ['end'])], `${rest} bytes`);
        t.equal(isDrained, drains);
      }
    }
  },
);

t.test('a network that takes everything at once does not pile requests on the stack', async (t) => {
  const answer = Buffer.alloc(70_000);
  let bytes = 0;
  let events: ConnectionEvents | undefined;
  const endless: Connection = {
    remote: 'endless',
    pendingBytes: 0,
    start: (given) => {
      events = given;
    },
    write(chunk) {
      bytes += chunk.length;
      return true;
    },
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
  };
  const clock = new ManualClock();
  new RpcSession(endless, {
    handler: { request: (_session, _method, _params, reply) => reply.result(answer) },
    clock,
    trusted: false,
    frameBytesMax: 2 ** 20,
    outputBytesMax: 70_000,
  });
  events?.data(Buffer.concat(new Array(3_000).fill(framed(encode([0, 1, 'm', {}])))));
  await clock.settle();
  t.ok(bytes > 3_000 * 70_000);
});

t.test('when the peer gives up, the session closes and keeps the reason', async (t) => {
  const reasons: (Error | undefined)[] = [];
  const { clock, raw, session } = await rawAgainst({
    request: () => {},
    closed: (_session, error) => reasons.push(error),
  });
  const call = t.rejects(session.call('m', {}, 100), { code: 'unavailable' });
  await clock.settle();
  raw.send([1, null, { code: 'too_large', message: 'no', retryable: false }, null]);
  await clock.settle();
  await call;
  t.match(reasons, [{ code: 'too_large' }]);
});

t.test('an invalid answer fails only its own call', async (t) => {
  const { clock, raw, session } = await rawAgainst(echo);
  const bad = t.rejects(session.call('m', {}, 100), { code: 'invalid_argument' });
  const good = session.call('m', {}, 100);
  await clock.settle();
  raw.sendBytes(framed(Buffer.from('940101c0d40000', 'hex')));
  raw.send([1, 99, null, 'nobody asked'], [1, 2, null, 'fine']);
  await clock.settle();
  await bad;
  t.equal(await good, 'fine');
});

t.test('the handler’s `closed` is called once, last', async (t) => {
  const heard: string[] = [];
  const { clock, raw, session } = await rawAgainst({
    opened: () => heard.push('opened'),
    request: () => {},
    closed: () => heard.push('closed'),
  });
  session.request('m', {}, 100, (error) => heard.push(error?.code ?? 'answered'));
  await clock.settle();
  raw.connection.destroy();
  await clock.settle();
  session.destroy();
  await clock.settle();
  t.same(heard, ['opened', 'unavailable', 'closed']);
});

t.test('random bytes never crash or hang a session, trusted or not', async (t) => {
  const frames = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => framed(bytes)),
    fc.uint8Array({ maxLength: 50 }).map((tail) => {
      return framed(Buffer.concat([Buffer.from('940001a16d', 'hex'), tail]));
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(frames, { maxLength: 5 }), fc.boolean(), async (parts, trusted) => {
      const { clock, raw, session } = await rawAgainst(echo, { trusted, frameBytesMax: 1_000 });
      for (const part of parts) raw.sendBytes(part);
      await clock.settle();
      return session.inFlight === 0;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('a session with much input goes behind other waiting sessions', async (t) => {
  const nexts: (() => void)[] = [];
  const turns = new WorkTurns({
    afterTurn: () => {},
    nextTurn: (callback) => void nexts.push(callback),
  });
  let asked = 0;
  const handler: RpcHandler = {
    request(_session, _method, _params, reply) {
      asked++;
      reply.result(null);
    },
  };
  const { clock, raw } = await rawAgainst(handler, { turns });
  const others: string[] = [];
  turns.later(() => others.push('another'));
  raw.send(...Array.from({ length: 500 }, (_none, id) => [0, id, 'ping', {}]));
  await clock.settle();
  t.equal(asked, 0, 'another waits already');
  for (let turn = 0; turn < 1_000 && asked < 500; turn++) {
    for (const next of nexts.splice(0)) next();
    await clock.settle();
    if (turn === 0) t.same(others, ['another']);
  }
  t.equal(asked, 500);
  t.equal(raw.messages().length, 500);
});
