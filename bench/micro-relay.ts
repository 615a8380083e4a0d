/**
 * The cost of the relay: messages per second and the server's CPU time per message, compared with an
 * echo of bytes and with framing on one thread. `node dist/bench/micro-relay.js [workers…]`; the load is
 * a separate process, takes one second per run, and then ends.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.js';
import { silentLogger } from '../src/base/logging.js';
import { tcpTransport } from '../src/net/tcp-transport.js';
import type { Listener } from '../src/net/types.js';
import { type SessionPool, startSessionPool } from '../src/pool/session-pool.js';
import { encode } from '../src/wire/codec.js';
import { echoBytes, echoMessages } from './micro-relay-program.js';

const runMs = 1_000;
const warmMs = 300;
const anyPort = { host: '127.0.0.1', port: 0 };
const shapes = [
  { sessions: 1, inFlight: 1 },
  { sessions: 50, inFlight: 1 },
  { sessions: 10, inFlight: 16 },
  { sessions: 50, inFlight: 64 },
];

interface LoadOrder {
  readonly port: number;
  readonly method: string;
  readonly sessions: number;
  readonly inFlight: number;
}

/** One frame per slot; its answer is as long as the frame without the method's name. */
function frames(method: string, inFlight: number): { bytes: Buffer; answerBytes: number } {
  const params = { id: 8 };
  const parts: Buffer[] = [];
  for (let id = 1; id <= inFlight; id++) parts.push(frame(encode([0, id, method, params])));
  const answerBytes =
    method === 'bytes' ? parts[0]?.length : frame(encode([1, 1, null, params])).length;
  return { bytes: Buffer.concat(parts), answerBytes: answerBytes ?? 0 };
}

function frame(body: Uint8Array): Buffer {
  const out = Buffer.alloc(4 + body.length);
  out.writeUInt32BE(body.length);
  out.set(body, 4);
  return out;
}

async function load(order: LoadOrder): Promise<void> {
  const { bytes, answerBytes } = frames(order.method, order.inFlight);
  const requestBytes = bytes.length / order.inFlight;
  let answered = 0;
  const ask = (socket: Socket): void => {
    let owed = 0;
    let rest = 0;
    socket.write(bytes);
    socket.on('data', (chunk) => {
      rest += chunk.length;
      const whole = Math.floor(rest / answerBytes);
      rest -= whole * answerBytes;
      answered += whole;
      owed += whole;
      if (owed === 0) return;
      // As many requests as answers arrived, from the row of encoded ones.
      const send = Math.min(owed, order.inFlight);
      socket.write(bytes.subarray(0, send * requestBytes));
      owed -= send;
    });
  };
  const sockets = Array.from({ length: order.sessions }, () =>
    connect({ port: order.port, host: anyPort.host, noDelay: true }),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) ask(socket);
  await pause(warmMs);
  process.send?.({ type: 'warm' });
  const before = answered;
  const startMs = systemClock.nowMs();
  await pause(runMs);
  const perSecond = ((answered - before) * 1000) / (systemClock.nowMs() - startMs);
  process.send?.({ type: 'done', perSecond, answered: answered - before });
  for (const socket of sockets) socket.destroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measure(order: LoadOrder): Promise<Measured> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['load', JSON.stringify(order)]);
  let before = process.cpuUsage();
  const measured = await new Promise<Measured>((resolve, reject) => {
    child.on('message', (message: { type: string; perSecond: number; answered: number }) => {
      if (message.type === 'warm') before = process.cpuUsage();
      else {
        const used = process.cpuUsage(before);
        const { perSecond, answered } = message;
        resolve({ perSecond, cpuMicros: (used.user + used.system) / answered });
      }
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the load ended with ${code}`)));
  });
  child.disconnect();
  await once(child, 'exit');
  return measured;
}

async function row(name: string, listener: Listener, method: string): Promise<void> {
  const cells: string[] = [];
  for (const shape of shapes) {
    const { perSecond, cpuMicros } = await measure({
      ...shape,
      method,
      port: listener.address.port,
    });
    cells.push(`${Math.round(perSecond / 100) / 10}k ${cpuMicros.toFixed(1)}µs`.padStart(17));
  }
  process.stdout.write(`${name.padEnd(34)}${cells.join('')}\n`);
  await listener.close();
}

async function pool(workers: number): Promise<SessionPool> {
  return startSessionPool({
    workers,
    program: new URL('./micro-relay-program.js', import.meta.url),
    clock: systemClock,
    logger: silentLogger,
    onCalls: (calls) => {
      for (const call of calls) call.reply(undefined, call.args);
    },
  });
}

async function main(workerCounts: readonly number[]): Promise<void> {
  const heads = shapes.map((shape) => `${shape.sessions} × ${shape.inFlight}`.padStart(17));
  process.stdout.write(`${'messages/s, server CPU a message'.padEnd(34)}${heads.join('')}\n`);
  const raw = await tcpTransport.listen(anyPort, echoBytes);
  await row('bytes, one thread', raw, 'bytes');
  const framed = await tcpTransport.listen(anyPort, (connection) =>
    echoMessages(connection, {
      request: (_session, _method, params, reply) => reply.result(params),
    }),
  );
  await row('messages, one thread', framed, 'ping');
  for (const workers of workerCounts) {
    const relayed = await pool(workers);
    const listen = (kind: string): Promise<Listener> => relayed.listen(tcpTransport, anyPort, kind);
    await row(`bytes, relay, ${workers} threads`, await listen('bytes'), 'bytes');
    await row(`messages, relay, ${workers} threads`, await listen('messages'), 'ping');
    await row(`owner calls, relay, ${workers} threads`, await listen('messages'), 'call');
    await relayed.close();
  }
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'load') await load(JSON.parse(rest[0] ?? '{}') as LoadOrder);
else await main(command ? [command, ...rest].map(Number) : [0, 2, 10]);
