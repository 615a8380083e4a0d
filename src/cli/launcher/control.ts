/**
 * The launcher's door for `bazar down`, `kill` and `start`: a Unix socket that only its owner can
 * open, one JSON line in and one out. Holding the socket is what makes a launcher the only one of
 * its data folder.
 */
import { createHash } from 'node:crypto';
import { chmodSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BazarError, isErrorCode, toBazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';

/** The kernel cuts longer socket paths (108 bytes on Linux, 104 elsewhere). */
const socketPathBytesMax = 100;
const lineBytesMax = 64 * 1024;

export interface ControlRequest {
  readonly command: 'ping' | 'stop' | 'kill' | 'start';
  readonly name?: string;
  /** With `start`. */
  readonly repair?: boolean;
}

export type ControlAnswer = Readonly<Record<string, unknown>>;
export type ControlHandler = (request: ControlRequest) => Promise<ControlAnswer>;

export interface ControlDoor {
  close(): void;
}

/** Rejects with `conflict` where a launcher of this data folder answers already. */
export async function openControl(dataDir: string, handler: ControlHandler): Promise<ControlDoor> {
  makePrivateFolder(join(dataDir, 'run'));
  const path = controlPath(dataDir);
  const server = createServer((socket) => serve(socket, handler));
  if (!(await listens(server, path))) {
    const answer = await askControl(dataDir, { command: 'ping' });
    if (answer) {
      throw new BazarError(
        'conflict',
        `a store runs on ${dataDir} already (launcher pid ${answer.pid}); bazar down stops it`,
      );
    }
    // Left behind by a launcher that was killed.
    rmSync(path, { force: true });
    if (!(await listens(server, path))) {
      throw new BazarError('conflict', `another launcher of ${dataDir} is just starting`);
    }
  }
  chmodSync(path, 0o600);
  return { close: () => void server.close() };
}

/** Undefined where no launcher listens. Rejects with the launcher's error. */
export async function askControl(
  dataDir: string,
  request: ControlRequest,
): Promise<ControlAnswer | undefined> {
  const socket = await open(controlPath(dataDir));
  if (!socket) return undefined;
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    return parseAnswer(await readLine(socket));
  } finally {
    socket.destroy();
  }
}

function controlPath(dataDir: string): string {
  let folder = dataDir;
  try {
    folder = realpathSync(dataDir);
  } catch {
    // No such folder, so no launcher.
  }
  const path = join(folder, 'run', 'launcher.sock');
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `bazar-${digest}.sock`);
}

function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

function serve(socket: Socket, handler: ControlHandler): void {
  socket.on('error', () => socket.destroy());
  void readLine(socket)
    .then((line) => handler(JSON.parse(line) as ControlRequest))
    .then(
      (answer) => ({ ok: true, ...answer }),
      (thrown: unknown) => ({ ok: false, error: toBazarError(thrown).toWire() }),
    )
    .then((answer) => {
      if (!socket.destroyed) socket.end(`${JSON.stringify(answer)}\n`);
    });
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > lineBytesMax) socket.destroy(new Error('the line is too long'));
    });
    socket.once('close', () => {
      reject(new BazarError('unavailable', 'the launcher closed the connection'));
    });
    socket.on('error', reject);
  });
}

function parseAnswer(line: string): ControlAnswer {
  const answer = JSON.parse(line) as { ok: boolean; error?: Record<string, unknown> };
  if (answer.ok) return answer;
  const { code, message } = answer.error ?? {};
  throw new BazarError(isErrorCode(code) ? code : 'internal', String(message));
}
