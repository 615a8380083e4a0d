/**
 * The attacks, each a bounded flood from one process, and the same load as a client that behaves
 * would send it. Sockets are written to without looking at answers, but where an attack reads.
 */
import { connect, type Socket } from 'node:net';
import { frame, pack } from '../e2e/msgpack.js';
import type { Ports } from './target.js';

export interface Attack {
  readonly name: string;
  /** Whose memory is watched. */
  readonly service: 'frontend-1' | 'order-1';
  /** Resolves when the attacker has left. */
  run(ports: Ports): Promise<void>;
  /** A kind of load whose waits are the measure, where there is one. */
  readonly polite?: 'http' | 'raw' | 'http bodies' | 'raw frames';
}

/** How long an attacker stays after its last byte. */
const stayMs = 5_000;
const searchGet = 'GET /products?text= HTTP/1.1\r\nHost: localhost\r\n\r\n';
const eventsGet = 'GET /events?history HTTP/1.1\r\nHost: localhost\r\n\r\n';
const searchFrame = frame(pack([0, 1, 'search', { text: '' }]));
const mib = 1_024 * 1_024;

export const attacks: readonly Attack[] = [
  {
    name: 'http: 100 × 4,000 pipelined searches, unread',
    service: 'frontend-1',
    polite: 'http',
    run: async ({ http }) => flood(http, 100, Buffer.from(searchGet.repeat(4_000)), false),
  },
  {
    name: 'http: 100 × 2,000 pipelined searches, read',
    service: 'frontend-1',
    polite: 'http',
    run: async ({ http }) => flood(http, 100, Buffer.from(searchGet.repeat(2_000)), true),
  },
  {
    name: 'raw: 300 × 8,192 searches, unread',
    service: 'frontend-1',
    polite: 'raw',
    run: async ({ raw }) => flood(raw, 300, repeated(searchFrame, 8_192), false),
  },
  {
    name: 'raw: 300 × 64 searches at a time, read',
    service: 'frontend-1',
    polite: 'raw',
    run: async ({ raw }) => windows(raw, 300, 64),
  },
  {
    name: 'raw: 1,500 frames of 1 MiB without their last byte',
    service: 'frontend-1',
    polite: 'raw frames',
    run: async ({ raw }) => flood(raw, 1_500, cutFrame(), false),
  },
  {
    name: 'http: 1,500 bodies of 1 MiB without their last byte',
    service: 'frontend-1',
    polite: 'http bodies',
    run: async ({ http }) => flood(http, 1_500, cutBody(), false),
  },
  {
    name: 'http: 20 connections with wrong tokens, one after the other',
    service: 'frontend-1',
    polite: 'http',
    run: async ({ http }) => guesses(http, 20),
  },
  {
    name: 'http: 50 listeners of /events that never read',
    service: 'frontend-1',
    run: async ({ http }) => flood(http, 50, Buffer.from(eventsGet), false),
  },
  {
    name: 'replication port: 10,500 silent strangers',
    service: 'order-1',
    run: async ({ replication }) => strangers(replication, 10_500),
  },
];

function repeated(bytes: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}

function cutFrame(): Buffer {
  const whole = Buffer.alloc(4 + mib, 0xc0);
  whole.writeUInt32BE(mib);
  return whole.subarray(0, -1);
}

function cutBody(): Buffer {
  const head = `POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${mib}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(mib - 1, 0x20)]);
}

async function flood(port: number, count: number, bytes: Buffer, reads: boolean): Promise<void> {
  const sockets = Array.from({ length: count }, () => {
    const socket = opened(port);
    if (reads) socket.resume();
    socket.write(bytes);
    return socket;
  });
  await pause(stayMs);
  for (const socket of sockets) socket.destroy();
}

/** Each connection sends another wrong administrator's token as soon as the last one was refused. */
async function guesses(port: number, count: number): Promise<void> {
  const sockets = Array.from({ length: count }, (_none, connection) => {
    const socket = opened(port);
    let sent = 0;
    const guess = (): void => {
      const token = `guess-${connection}-${sent++}`;
      socket.write(
        `GET /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
    };
    // A refusal comes in one piece.
    socket.on('data', guess);
    guess();
    return socket;
  });
  await pause(2 * stayMs);
  for (const socket of sockets) socket.destroy();
}

/** Each connection keeps `inFlight` requests under way and reads the answers. */
async function windows(port: number, count: number, inFlight: number): Promise<void> {
  const batch = repeated(searchFrame, inFlight);
  const sockets = Array.from({ length: count }, () => {
    const socket = opened(port);
    let received = Buffer.alloc(0);
    let answers = 0;
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      let at = 0;
      while (received.length >= at + 4 && received.length >= at + 4 + received.readUInt32BE(at)) {
        at += 4 + received.readUInt32BE(at);
        answers++;
      }
      received = received.subarray(at);
      if (answers < inFlight) return;
      answers -= inFlight;
      socket.write(batch);
    });
    socket.write(batch);
    return socket;
  });
  await pause(2 * stayMs);
  for (const socket of sockets) socket.destroy();
}

/** Connect, say nothing, and come back when they are closed, until so many have come. */
async function strangers(port: number, count: number): Promise<void> {
  const open = new Set<Socket>();
  const atOnceMax = 4_000;
  let come = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 4 * stayMs);
    const more = (): void => {
      while (come < count && open.size < atOnceMax) {
        come++;
        const socket = opened(port);
        open.add(socket);
        socket.once('close', () => {
          open.delete(socket);
          setImmediate(more);
        });
      }
      if (come < count || open.size > 0) return;
      clearTimeout(timer);
      resolve();
    };
    more();
  });
  for (const socket of open) socket.destroy();
}

function opened(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  return socket;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

type Politeness = NonNullable<Attack['polite']>;

/** Large bodies and frames come whole, and are answered: that they are not valid. */
const politeBytes: Readonly<Record<Politeness, () => Buffer>> = {
  http: () => Buffer.from(searchGet),
  raw: () => searchFrame,
  'http bodies': () => Buffer.concat([cutBody(), Buffer.from(' ')]),
  'raw frames': () => frame(pack([0, 1, 'search', { text: 'x'.repeat(mib - 64) }])),
};

/** A few clients that ask for the same, one request after the other, for some seconds. */
export async function askPolitely(kind: Politeness, ports: Ports, ms: number): Promise<void> {
  const bytes = politeBytes[kind]();
  const port = kind === 'http' || kind === 'http bodies' ? ports.http : ports.raw;
  const sockets = Array.from({ length: 20 }, () => {
    const socket = opened(port);
    socket.setNoDelay(true);
    // An answer of a search fits in one piece; two pieces are two questions, which is as polite.
    socket.on('data', () => socket.write(bytes));
    socket.write(bytes);
    return socket;
  });
  await pause(ms);
  for (const socket of sockets) socket.destroy();
}
