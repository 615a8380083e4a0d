/**
 * The transport over TCP. What comes in a turn of the event loop is given when all sockets are read,
 * at once to whoever only passes it on; what is written leaves at the turn's end and then at once (no
 * Nagle). Each side may end first, and socket errors become `unavailable` with the cause kept. Knows
 * nothing of what the bytes mean.
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
/** How long it tries to send what is pending to a peer that does not read. */
const endMs = sessionLimits.drainMs;
/** Unsent bytes above which `write` asks the caller to wait. */
const highWaterBytes = 65_536;
/** Connections that wait to be accepted; of more, the kernel drops each for a second or longer. */
const backlog = 4_096;
/** How long, and how often, a port that is taken is tried. */
const bindTriesMs = 4_000;
const bindAgainMs = 200;
/** Connections given up for their local port; each holds its port until another is there. */
const redialsMax = 8;
/** What all connections of a thread hold until a turn's sockets are read; above it they give at once. */
const heldBytesMax = 16 * 1_024 * 1_024;
let heldBytes = 0;

/** How sockets of this store are made, whatever runs over them. */
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

/** As `tcpTransport.listen`, beside other threads that do the same where ports can be shared. */
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
 * Resolves with the connection when its socket has had the event; rejects where it fails before.
 * Dials again where the connection has a port of the store as its own.
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
      // Held until another has its port, or the system would give the same one again.
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

/** Resolves when the server listens; rejects where it cannot, for some seconds if the port is taken. */
export function listening(server: Server, address: Address, reusePort: boolean): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const giveUpMs = systemClock.nowMs() + bindTriesMs;
    const wish = { host: address.host, port: address.port, backlog, reusePort };
    server.on('error', (error: NodeJS.ErrnoException) => {
      // Accepting may fail for want of descriptors; the listener stays and tries again.
      if (server.listening) return;
      if (error.code === 'EADDRINUSE' && systemClock.nowMs() < giveUpMs) {
        // An outgoing connection may have the port for a moment, or a process that just ends.
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
        // Waits for the port alone: the callback of close() would wait for all connections too.
        server.close();
        server.unref();
        resolve();
      }),
  };
}

/** A connected socket as a connection; `remote` where the socket itself does not know its peer. */
export function tcpConnection(socket: Socket, remote?: string): Connection {
  return new TcpConnection(socket, remote);
}

class TcpConnection implements Connection {
  readonly remote: string;
  readonly #socket: Socket;
  #events: ConnectionEvents | undefined;
  /** The last chunk that came, until all sockets of the turn are read, or while paused. */
  #input: Uint8Array | undefined;
  /** The last bytes written, until nothing else is left to do in the turn. */
  #output: Uint8Array | undefined;
  #paused = false;
  #failure: Error | undefined;
  #ending = false;

  constructor(socket: Socket, remote: string | undefined) {
    this.#socket = socket;
    const { remoteAddress: host = 'unknown', remotePort: port = 0 } = socket;
    this.remote = remote ?? formatAddress({ host, port });
    // What comes before somebody listens would be lost.
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
    // A socket that had more than one to give goes on when it is destroyed.
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
    // Held before the other is given, for the receiver may throw, and may destroy this connection.
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

  /** Also while paused: who is told of an end has been given all that came before it. */
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
    // What fills the socket's buffer goes there at once, for the socket tells when that is empty.
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
    // Else the socket stops at what comes next: one that reads nothing hears of no end and of no reset.
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
    // Reads on to the peer's end: closing over unread bytes would reset what we have just sent.
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
