/** The closed loop against a server of this test: one request in flight, and every key once. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Picks } from '../../../bench/load/picks.js';
import { httpProtocol } from '../../../bench/peers/http-protocol.js';
import { runLoad } from '../../../bench/peers/load.js';
import type { Subject } from '../../../bench/peers/peer.js';

const timing = { warmUpMs: 5, runMs: 40 };
const accepted = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const refused = 'HTTP/1.1 409 Conflict\r\nContent-Length: 21\r\n\r\n{"type":"sold_out_1"}';

/** Calls `serve` with the key of each request. */
async function listen(t: Test, serve: (key: string, socket: Socket) => void): Promise<Subject> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const [, key] of chunk.toString().matchAll(/Idempotency-Key: (\d+)/g)) {
        serve(key ?? '', socket);
      }
    });
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { name: 'postgres', label: 'test', port: address.port, protocol: httpProtocol() };
}

t.test('each connection has one purchase in flight, under a new key', async (t) => {
  const keys: string[] = [];
  const inFlight = new Map<Socket, number>();
  const subject = await listen(t, (key, socket) => {
    keys.push(key);
    inFlight.set(socket, (inFlight.get(socket) ?? 0) + 1);
    t.equal(inFlight.get(socket), 1);
    setImmediate(() => {
      inFlight.set(socket, 0);
      socket.write(accepted);
    });
  });
  const sold = new Uint32Array(3);
  const run = await runLoad(subject, { connections: 3, picks: Picks.always(2), timing, sold }, []);
  t.equal(inFlight.size, 3);
  t.equal(new Set(keys).size, keys.length);
  t.same([...sold], [0, 0, keys.length], 'warm-up and draining included');
  t.ok(run.answers > 0 && run.answers <= keys.length);
  t.same(run.refusals, {});
});

t.test('a refusal is counted by its code and sells nothing', async (t) => {
  let served = 0;
  const subject = await listen(t, (_key, socket) => {
    served += 1;
    socket.write(refused);
  });
  const sold = new Uint32Array(2);
  const run = await runLoad(subject, { connections: 1, picks: Picks.always(1), timing, sold }, []);
  t.same(run.refusals, { sold_out_1: served });
  t.same([...sold], [0, 0]);
});

t.test('a closed connection is a failure of the run', async (t) => {
  const subject = await listen(t, (_key, socket) => socket.destroy());
  const sold = new Uint32Array(2);
  const run = await runLoad(subject, { connections: 2, picks: Picks.always(1), timing, sold }, []);
  t.equal(run.answers, 0);
  t.same(run.refusals, { connection_closed: 2 });
});
