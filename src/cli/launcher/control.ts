/**
 * The launcher's control socket for `bazar down`, `kill` and `start`: a Unix socket in the data
 * folder that only its owner can open. A request and its answer are one JSON line each. The socket
 * also ensures that a data folder has at most one launcher.
 */
import { chmodSync, closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { waitingClock } from '../../base/clock.js';
import { BazarError, isErrorCode, toBazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';
import { systemReason } from '../../base/system-error.js';

/** The kernel cuts longer socket paths (108 bytes on Linux, 104 elsewhere). */
const socketPathBytesMax = 100;
const lineBytesMax = 64 * 1024;
/** `start` waits until the service is ready; the launcher answers the other requests at once. */
const answerTimeoutMs = 5_000;

export interface ControlRequest {
  readonly command: 'ping' | 'stop' | 'kill' | 'start';
  readonly name?: string;
  /** Only for `start`. */
  readonly repair?: boolean;
}

export type ControlAnswer = Readonly<Record<string, unknown>>;
export type ControlHandler = (request: ControlRequest) => Promise<ControlAnswer>;

export interface ControlSocket {
  close(): void;
}

/** Rejects with `conflict` if another launcher of this data folder answers. */
export async function openControl(
  dataDir: string,
  handler: ControlHandler,
): Promise<ControlSocket> {
  makePrivateFolder(join(dataDir, 'run'));
  const server = createServer((socket) => serve(socket, handler));
  const { path, close } = reachSocket(dataDir);
  try {
    if (!(await listens(server, path))) {
      const answer = await askControl(dataDir, { command: 'ping' });
      if (answer) {
        throw new BazarError(
          'conflict',
          `a store runs on ${dataDir} already (launcher pid ${answer.pid}); bazar down stops it`,
        );
      }
      // A killed launcher left this socket behind.
      rmSync(path, { force: true });
      if (!(await listens(server, path))) {
        throw new BazarError('conflict', `another launcher of ${dataDir} is just starting`);
      }
    }
    chmodSync(path, 0o600);
  } catch (error) {
    close();
    throw error;
  }
  return {
    close() {
      // Removes the socket, through the same path.
      server.close();
      close();
    },
  };
}

/**
 * Undefined if no launcher listens. Rejects with the launcher's error, or with the reason why it
 * cannot answer.
 */
export async function askControl(
  dataDir: string,
  request: ControlRequest,
): Promise<ControlAnswer | undefined> {
  if (!existsSync(join(dataDir, 'run'))) return undefined;
  const { path, close } = reachSocket(dataDir);
  try {
    const socket = await open(path, socketPath(dataDir));
    if (!socket) return undefined;
    const isQuick = request.command === 'ping' || request.command === 'stop';
    const timer = isQuick
      ? waitingClock.after(answerTimeoutMs, () => {
          const reason = `it did not answer within ${answerTimeoutMs / 1_000} s`;
          socket.destroy(cannotAsk(socketPath(dataDir), reason));
        })
      : undefined;
    try {
      socket.write(`${JSON.stringify(request)}\n`);
      return parseAnswer(await readLine(socket), socketPath(dataDir));
    } finally {
      timer?.cancel();
      socket.destroy();
    }
  } finally {
    close();
  }
}

function socketPath(dataDir: string): string {
  return join(dataDir, 'run', 'launcher.sock');
}

interface ReachedSocket {
  /** The path as the kernel accepts it. */
  readonly path: string;
  close(): void;
}

/** If a path is too long for the kernel, it is opened through a descriptor of its folder. */
function reachSocket(dataDir: string): ReachedSocket {
  const path = socketPath(dataDir);
  if (Buffer.byteLength(path) <= socketPathBytesMax) return { path, close: () => {} };
  const openFolders = '/proc/self/fd';
  if (!existsSync(openFolders)) {
    throw new BazarError(
      'invalid_argument',
      `${path} is too long for a socket (at most ${socketPathBytesMax} bytes): choose a shorter --data-dir`,
    );
  }
  const folder = openSync(join(dataDir, 'run'), 'r');
  return { path: `${openFolders}/${folder}/launcher.sock`, close: () => closeSync(folder) };
}

function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else {
        const message = `the launcher cannot listen on its socket ${path}: ${systemReason(error)}`;
        reject(new BazarError('unavailable', message, { cause: error }));
      }
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

function open(path: string, shown: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(cannotAsk(shown, systemReason(error), error));
    });
  });
}

function cannotAsk(path: string, reason: string, cause?: unknown): BazarError {
  return new BazarError(
    'unavailable',
    `the launcher at ${path} does not answer correctly: ${reason}`,
    {
      cause,
    },
  );
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

function parseAnswer(line: string, path: string): ControlAnswer {
  let answer: { ok?: unknown; error?: Record<string, unknown> };
  try {
    answer = JSON.parse(line);
  } catch (error) {
    throw cannotAsk(path, 'its answer is not that of a launcher', error);
  }
  if (answer.ok === true) return answer as ControlAnswer;
  const { code, message } = answer.error ?? {};
  throw new BazarError(
    isErrorCode(code) ? code : 'internal',
    typeof message === 'string' ? message : `the launcher at ${path} gave no reason`,
  );
}
