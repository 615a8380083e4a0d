/** A plain TCP transport for these tests, which know nothing of the real one, and a client. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Address } from '../../src/base/address.js';
import type { Connection, ConnectionEvents, Listener, Transport } from '../../src/net/types.js';

export const anyPort: Address = { host: '127.0.0.1', port: 0 };

export const tcp: Transport = {
  connect() {
    throw new Error('not needed here');
  },
  async listen(address, accept): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      accept(connectionOf(socket));
    });
    server.listen(address.port, address.host);
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound ? bound.port : 0;
    return {
      address: { host: address.host, port },
      // Resolves when it accepts no more; the sockets stay.
      close: async () => void server.close(),
    };
  },
};

function connectionOf(socket: Socket): Connection {
  let failure: Error | undefined;
  return {
    remote: `${socket.remoteAddress}:${socket.remotePort}`,
    start(events: ConnectionEvents) {
      socket.on('data', (chunk) => events.data(chunk));
      socket.on('end', () => events.end?.());
      socket.on('drain', () => events.drained?.());
      socket.on('error', (error) => {
        failure = error;
      });
      socket.on('close', () => events.closed(failure));
    },
    write: (bytes) => socket.write(bytes),
    get pendingBytes() {
      return socket.writableLength;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(() => socket.destroySoon()),
    destroy: (error) => void socket.destroy(error),
  };
}

/** A client that keeps what it was sent. */
export class Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  receivedBytes = 0;
  ended = false;
  #chunks: Buffer[] = [];
  #changed: () => void = () => {};

  constructor(address: Address) {
    this.socket = connect({ ...address, allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.receivedBytes += chunk.length;
      this.#changed();
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.#changed();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        resolve();
        this.#changed();
      });
    });
  }

  /** Received bytes that the test has not taken. */
  get received(): Buffer {
    const received = Buffer.concat(this.#chunks);
    this.#chunks = [received];
    return received;
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Waits until the condition holds; rejects where the connection closes before. */
  async until(holds: (client: Client) => boolean): Promise<void> {
    while (!holds(this)) {
      if (this.socket.destroyed) throw new Error(`closed after ${this.receivedBytes} bytes`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The next `length` bytes as text. */
  async take(length: number): Promise<string> {
    await this.until(() => this.receivedBytes >= length);
    const { received } = this;
    this.#chunks = [received.subarray(length)];
    this.receivedBytes -= length;
    return received.toString('latin1', 0, length);
  }

  async ask(text: string, length: number): Promise<string> {
    this.send(text);
    return this.take(length);
  }

  close(): Promise<void> {
    this.socket.destroy();
    return this.closed;
  }
}
