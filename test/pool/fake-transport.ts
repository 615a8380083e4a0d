/**
 * Connections without a network: the test says what the peer sends and when its output is taken,
 * and sees how the pool treats the socket.
 */
import type { Address } from '../../src/base/address.js';
import type { Connection, ConnectionEvents, Listener, Transport } from '../../src/net/types.js';

export class FakeConnection implements Connection {
  readonly remote: string;
  /** While false, writes pile up. */
  taking = true;
  paused = false;
  ended = false;
  closed = false;
  pendingBytes = 0;
  readonly written: Uint8Array[] = [];
  #events: ConnectionEvents | undefined;
  #changed: () => void = () => {};

  constructor(remote: string) {
    this.remote = remote;
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    if (!this.taking) this.pendingBytes += bytes.length;
    this.#changed();
    return this.taking;
  }

  pause(): void {
    this.paused = true;
    this.#changed();
  }

  resume(): void {
    this.paused = false;
    this.#changed();
  }

  end(): void {
    this.ended = true;
    this.#close(undefined);
  }

  destroy(error?: Error): void {
    this.#close(error);
  }

  /** The peer sends; the bytes are void when this returns, as the port allows. */
  give(bytes: Uint8Array | string): void {
    const chunk = Buffer.from(bytes);
    this.#events?.data(chunk);
    chunk.fill(0);
  }

  giveEnd(): void {
    this.#events?.end?.();
  }

  giveClosed(error?: Error): void {
    this.#close(error);
  }

  /** The network takes all that piled up. */
  take(): void {
    this.taking = true;
    this.pendingBytes = 0;
    this.#events?.drained?.();
  }

  get text(): string {
    return Buffer.concat(this.written).toString('latin1');
  }

  get writtenBytes(): number {
    return this.written.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  async until(holds: (connection: FakeConnection) => boolean): Promise<void> {
    while (!holds(this)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  #close(error: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.#events?.closed(error);
    this.#changed();
  }
}

export class FakeTransport implements Transport {
  #accept: ((connection: Connection) => void) | undefined;
  #count = 0;

  connect(): Promise<Connection> {
    return Promise.reject(new Error('not needed here'));
  }

  async listen(address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    this.#accept = accept;
    return { address, close: async () => {} };
  }

  /** A peer connects. */
  open(): FakeConnection {
    const connection = new FakeConnection(`peer-${++this.#count}`);
    this.#accept?.(connection);
    return connection;
  }
}
