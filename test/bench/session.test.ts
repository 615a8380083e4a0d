/** A whole load against a server of this test, over real sockets: what is sent and counted. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Packr } from 'msgpackr';
import t, { type Test } from 'tap';
import { Picks } from '../../bench/load/picks.js';
import { LoadSession } from '../../bench/load/session.js';
import { itemRequest } from '../../bench/load/template.js';

const packr = new Packr({ useRecords: false });
const shape = { connections: 3, depth: 4 };
const timing = { warmUpMs: 5, runMs: 40 };

interface Request {
  readonly id: number;
  readonly item: number;
}

/** Calls `serve` with all requests of one read; it answers on the socket as it likes. */
async function listen(
  t: Test,
  serve: (requests: readonly Request[], socket: Socket) => void,
): Promise<{ host: string; port: number; pids: number[] }> {
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      const requests: Request[] = [];
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const end = 4 + rest.readUInt32BE(0);
        const [, id, , params] = packr.unpack(rest.subarray(4, end));
        requests.push({ id, item: params.id });
        rest = rest.subarray(end);
      }
      serve(requests, socket);
    });
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, pids: [] };
}

function answerFrame(id: number, error: unknown): Buffer {
  const payload = Buffer.from(packr.pack([1, id, error, error === null ? { ok: true } : null]));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

t.test('every request is answered once, in any order, and counted', async (t) => {
  let served = 0;
  const atOnce = new Map<Socket, number>();
  const target = await listen(t, (requests, socket) => {
    served += requests.length;
    atOnce.set(socket, Math.max(atOnce.get(socket) ?? 0, requests.length));
    socket.write(Buffer.concat(requests.map(({ id }) => answerFrame(id, null)).reverse()));
  });
  const workload = { template: itemRequest('lookup'), picks: Picks.always(8) };
  const session = await LoadSession.open(target, shape, workload);
  for (let run = 0; run < 2; run++) {
    const result = await session.run(timing);
    t.same(result.errors, {});
    t.ok(result.answers <= session.accepted);
    t.ok(result.p50Ms <= result.p99Ms && result.p99Ms <= result.maxMs);
  }
  t.ok(served > 0);
  t.equal(session.accepted, served);
  t.same([...atOnce.values()], [4, 4, 4], 'four in flight on each of three connections');
  session.close();
});

t.test('the expected refusal counts as an answer, another one does not', async (t) => {
  const target = await listen(t, (requests, socket) => {
    for (const { id, item } of requests) {
      const code = item === 1 ? 'out_of_stock' : 'out_of_time';
      socket.write(answerFrame(id, { code, message: '', retryable: false }));
    }
  });
  const expects = 'out_of_stock';
  for (const [item, isWanted] of [
    [1, true],
    [2, false],
  ] as const) {
    const workload = { template: itemRequest('buy'), picks: Picks.always(item), expects };
    const session = await LoadSession.open(target, shape, workload);
    const { errors } = await session.run(timing);
    t.equal(Object.keys(errors).length === 0, isWanted);
    t.equal(session.accepted > 0, isWanted);
    session.close();
  }
});

t.test('refusals are counted by their code', async (t) => {
  const target = await listen(t, (requests, socket) => {
    for (const { id, item } of requests) {
      const error = { code: item === 1 ? 'not_found' : 'overloaded', message: '', retryable: true };
      socket.write(answerFrame(id, error));
    }
  });
  const workload = { template: itemRequest('lookup'), picks: Picks.uniform(2) };
  const session = await LoadSession.open(target, shape, workload);
  const { errors } = await session.run(timing);
  t.same(Object.keys(errors).sort(), ['not_found', 'overloaded']);
  t.equal(session.accepted, 0);
  session.close();
});

t.test('an answer to no request fails the connection', async (t) => {
  const target = await listen(t, (requests, socket) => {
    for (const { id } of requests) socket.write(answerFrame(id + 1_024, null));
  });
  const workload = { template: itemRequest('lookup'), picks: Picks.always(8) };
  const session = await LoadSession.open(target, shape, workload);
  const { errors } = await session.run(timing);
  t.same(errors, { 'an answer to no request': shape.connections });
  session.close();
});

t.test('a server that closes the connection is an error of this run and the next', async (t) => {
  const target = await listen(t, (_requests, socket) => void socket.destroy());
  const workload = { template: itemRequest('lookup'), picks: Picks.always(8) };
  const session = await LoadSession.open(target, shape, workload);
  for (let run = 0; run < 2; run++) {
    const { errors, answers } = await session.run(timing);
    t.equal(answers, 0);
    t.equal(
      Object.values(errors).reduce((sum, count) => sum + count, 0),
      shape.connections,
    );
  }
  session.close();
});

t.test('uniform picks reach every item and nothing else', async (t) => {
  const picks = Picks.uniform(17);
  const seen = new Set(Array.from({ length: 2_000 }, () => picks.next()));
  t.same(
    [...seen].sort((a, b) => a - b),
    Array.from({ length: 17 }, (_, i) => i + 1),
  );
});
