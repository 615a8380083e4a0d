/**
 * A server that speaks just enough of PostgreSQL's protocol for a session's first question: it accepts
 * every user and answers each statement with the facts of a server of some version.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

interface Teardown {
  teardown(end: () => void): void;
}

const host = '127.0.0.1';
const int4 = 23;
const bool = 16;
const columns: readonly (readonly [name: string, type: number])[] = [
  ['version', int4],
  ['isStandby', bool],
  ['isReadOnly', bool],
];

/** The URL of a server that says it is of this version, for example 120022. */
export async function fakePostgres(test: Teardown, version: number): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    // The first message has no type; each of these messages arrives in one piece.
    socket.once('data', () => {
      const major = Math.floor(version / 10_000);
      socket.write(
        Buffer.concat([
          message('R', int32(0)),
          message('S', text('server_version'), text(`${major}.${version % 10_000}`)),
          ready,
        ]),
      );
      socket.on('data', (bytes) => {
        if (bytes.toString('latin1', 0, 1) === 'Q') socket.write(answer(version));
        else socket.end();
      });
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  test.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const at = server.address();
  const port = typeof at === 'object' && at ? at.port : 0;
  return `postgres://tester@${host}:${port}/postgres?sslmode=disable`;
}

const ready = message('Z', Buffer.from('I'));

function answer(version: number): Buffer {
  const fields = columns.flatMap(([name, type]) => [
    text(name),
    int32(0),
    int16(0),
    int32(type),
    int16(-1),
    int32(-1),
    int16(0),
  ]);
  const values = [`${version}`, 'f', 'f'].flatMap((value) => [
    int32(value.length),
    Buffer.from(value),
  ]);
  return Buffer.concat([
    message('T', int16(columns.length), ...fields),
    message('D', int16(columns.length), ...values),
    message('C', text('SELECT 1')),
    ready,
  ]);
}

/** Its length counts itself, but not the type. */
function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
