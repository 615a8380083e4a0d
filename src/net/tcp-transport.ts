/**
 * The transport over TCP. Delivers input after all sockets of the turn are read; relays (`atOnce`) get
 * it immediately. Sends output at the end of the turn, without Nagle's delay. Each side may end first.
 * Socket errors become `unavailable` and keep their cause. The transport does not interpret the bytes.
 */
import {
  connect as connectSocket,
  createServer,
  type Server,
  type Socket,
  type TcpNetConnectOpts,
} from 'node:net';
import { type Address, formatAddress } from '../base/address.js';
import { systemClock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { sessionLimits } from '../base/limits.js';
import { systemReason } from '../base/system-error.js';
import { systemTurn } from '../base/turn.js';
import { reusesPorts } from './reuse-port.js';
import { readingShared, takenOver } from './shared-reads.js';
import { isConnectedToItself, takesStorePort } from './store-ports.js';
import type { Connection, ConnectionEvents, Listener, Transport } from './types.js';

/** How long an ended connection waits for the peer to end too. */
const lingerMs = 1_000;
/** How long an ended connection tries to send pending output to a peer that does not read. */
const endMs = sessionLimits.drainMs;
/** Unsent bytes above which `write` asks the caller to wait. */
const highWaterBytes = 65_536;
/** Connections that wait to be accepted. The kernel drops more, and a client tries again after 1 s. */
const backlog = 4_096;
/** How long the listener retries a port that is in use, and the delay between two attempts. */
const bindTriesMs = 4_000;
const bindAgainMs = 200;
/** Most sockets discarded because their local port belongs to the store. */
const redialsMax = 8;
/** Most input that all connections of a thread hold; above it, they deliver input immediately. */
const heldBytesMax = 16 * 1_024 * 1_024;
let heldBytes = 0;

/** Options of all sockets of the store. */
export const socketOptions = {
  noDelay: true,
  allowHalfOpen: true,
  highWaterMark: highWaterBytes,
} as const;

export const tcpTransport: Transport = {
  connect(address, timeoutMs) {
    const { host, port } = address;
    const dial = (): Socket =>
      readingShared((onread) =>
        connectSocket({ host, port, ...socketOptions, onread } as TcpNetConnectOpts),
      );
    return connected(dial, 'connect', address, timeoutMs);
  },

  listen: (address, accept) => listen(address, accept, false),
};

/** Like `tcpTransport.listen`. Several threads may listen on one port if the system allows it. */
export const listenBeside: Transport['listen'] = (address, accept) =>
  listen(address, accept, reusesPorts());

function listen(
  address: Address,
  accept: (connection: Connection) => void,
  reusePort: boolean,
): Promise<Listener> {
  const options = { ...socketOptions, pauseOnConnect: true };
  const server = createServer(options, (socket) =>
    accept(tcpConnection(takenOver(socket, socketOptions))),
  );
  return listening(server, address, reusePort);
}

/**
 * Resolves with the connection after the socket's event; rejects if the socket fails first. Dials
 * again if the system chose a port of the store as the local port.
 */
export async function connected(
  dial: () => Socket,
  event: 'connect' | 'secureConnect',
  address: Address,
  timeoutMs: number,
): Promise<Connection> {
  const held: Socket[] = [];
  try {
    for (;;) {
      const socket = await dialled(dial(), event, address, timeoutMs);
      if (held.length === redialsMax || !takesStorePort(socket)) return tcpConnection(socket);
      // Keeps the port until the end, because the system could choose it again.
      held.push(socket);
    }
  } finally {
    for (const socket of held) socket.resetAndDestroy();
  }
}

function dialled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  address: Address,
  timeoutMs: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      timer.cancel();
      socket.destroy();
      const message = `cannot connect to ${formatAddress(address)}: ${systemReason(error)}`;
      reject(new BazarError('unavailable', message, { cause: error }));
    };
    const timer = systemClock.after(timeoutMs, () => failed(new Error('no answer in time')));
    socket.on('error', failed);
    socket.once('connect', () => {
      if (isConnectedToItself(socket)) failed(new Error('nothing listens there'));
    });
    socket.once(event, () => {
      if (socket.destroyed) return;
      timer.cancel();
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

/** Resolves when the server listens. Rejects if it cannot; retries for 4 s if the port is in use. */
export function listening(server: Server, address: Address, reusePort: boolean): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const giveUpMs = systemClock.nowMs() + bindTriesMs;
    const wish = { host: address.host, port: address.port, backlog, reusePort };
    server.on('error', (error: NodeJS.ErrnoException) => {
      // Accepting may fail for lack of descriptors. The listener stays open and tries again.
      if (server.listening) return;
      if (error.code === 'EADDRINUSE' && systemClock.nowMs() < giveUpMs) {
        // An outgoing connection or a process that is ending may use the port for a short time.
        systemClock.after(bindAgainMs, () => server.listen(wish));
        return;
      }
      const message = `cannot listen on ${formatAddress(address)}: ${systemReason(error)}`;
      reject(new BazarError('unavailable', message, { cause: error }));
    });
    server.once('listening', () => resolve(tcpListener(server, address.host)));
    server.listen(wish);
  });
}

function tcpListener(server: Server, host: string): Listener {
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  return {
    address: { host, port },
    close: () =>
      new Promise((resolve) => {
        // Does not use the callback of close(), which also waits for all connections.
        server.close();
        server.unref();
        resolve();
      }),
  };
}

/** Wraps a connected socket. `remote` is the peer's address if the socket does not have it. */
export function tcpConnection(socket: Socket, remote?: string): Connection {
  return new TcpConnection(socket, remote);
}

class TcpConnection implements Connection {
  readonly remote: string;
  readonly #socket: Socket;
  #events: ConnectionEvents | undefined;
  /** Input to deliver when all sockets of the turn are read, or after `resume`. */
  #input: Uint8Array | undefined;
  /** Output to send at the end of the turn. */
  #output: Uint8Array | undefined;
  #paused = false;
  #failure: Error | undefined;
  #ending = false;

  constructor(socket: Socket, remote: string | undefined) {
    this.#socket = socket;
    const { remoteAddress: host = 'unknown', remotePort: port = 0 } = socket;
    this.remote = remote ?? formatAddress({ host, port });
    // Input that arrives before `start` would be lost.
    socket.pause();
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  start(events: ConnectionEvents): void {
    const socket = this.#socket;
    this.#events = events;
    socket.on('data', (chunk) => this.#received(chunk as Buffer));
    socket.on('end', () => this.#giveInputBefore(() => events.end?.()));
    socket.on('drain', () => events.drained?.());
    const closed = (): void => {
      this.#giveInputBefore(() => events.closed(this.#closeReason()));
    };
    if (socket.closed) systemTurn.afterTurn(closed);
    else socket.on('close', closed);
    socket.resume();
  }

  #received(chunk: Uint8Array): void {
    // A destroyed socket may still emit chunks that it has read.
    if (this.#ending || this.#socket.destroyed) return;
    const before = this.#input;
    if (this.#paused) {
      this.#hold(before === undefined ? chunk : Buffer.concat([before, chunk]));
      this.#socket.pause();
      return;
    }
    if (before === undefined && this.#events?.atOnce) {
      this.#events.data(chunk);
      return;
    }
    // Holds this chunk before it delivers the other: the receiver may throw or destroy the connection.
    this.#hold(chunk);
    systemTurn.afterInput(this.#giveUnlessPaused);
    if (before !== undefined) this.#give(before);
    if (heldBytes > heldBytesMax) this.#giveUnlessPaused();
  }

  #hold(input: Uint8Array | undefined): void {
    heldBytes += (input?.length ?? 0) - (this.#input?.length ?? 0);
    this.#input = input;
  }

  readonly #giveUnlessPaused = (): void => {
    if (!this.#paused) this.#giveInput();
  };

  /** Delivers all input before the `end` or `closed` event, even while paused. */
  #giveInputBefore(event: () => void): void {
    try {
      this.#giveInput();
    } finally {
      event();
    }
  }

  #giveInput(): void {
    const input = this.#input;
    if (input === undefined) return;
    this.#hold(undefined);
    this.#give(input);
  }

  #give(input: Uint8Array): void {
    if (!this.#ending) this.#events?.data(input);
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    this.#giveOutput();
    // Above the high-water mark, write immediately: only then does the socket emit `drain`.
    if (bytes.length + socket.writableLength >= highWaterBytes) return socket.write(bytes);
    this.#output = bytes;
    systemTurn.afterOutput(this.#giveOutput);
    return true;
  }

  readonly #giveOutput = (): void => {
    const output = this.#output;
    if (output === undefined) return;
    this.#output = undefined;
    if (this.#socket.writable) this.#socket.write(output);
  };

  get pendingBytes(): number {
    return (this.#output?.length ?? 0) + this.#socket.writableLength;
  }

  pause(): void {
    if (this.#ending) return;
    this.#paused = true;
    // If no input is held, keep reading: a paused socket does not detect an end or a reset. The next
    // chunk pauses it.
    if (this.#input !== undefined) this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
    if (this.#input !== undefined) systemTurn.afterInput(this.#giveUnlessPaused);
  }

  end(): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    this.#giveOutput();
    // Reads until the peer ends: closing with unread input resets the connection and loses the output.
    this.#socket.resume();
    this.#destroyAfter(endMs);
    this.#socket.end(() => this.#destroyAfter(lingerMs));
  }

  #destroyAfter(ms: number): void {
    const timer = systemClock.after(ms, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
  }

  destroy(error?: Error): void {
    this.#failure ??= error;
    this.#hold(undefined);
    this.#giveOutput();
    this.#socket.destroy();
  }

  #closeReason(): Error | undefined {
    const failure = this.#failure;
    if (failure === undefined || failure instanceof BazarError) return failure;
    const message = `connection to ${this.remote} lost: ${systemReason(failure)}`;
    return new BazarError('unavailable', message, { cause: failure });
  }
}
