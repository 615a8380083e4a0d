/**
 * The transport port: byte streams between addresses, with backpressure both ways. TCP, a relayed
 * session of a pool thread, and the in-memory twin all look like this, so that sessions above them
 * know no socket.
 */
import type { Address } from '../base/address.js';

export interface ConnectionEvents {
  /** Wants each chunk as it comes, not when the turn's other sockets are read: it only passes it on. */
  readonly atOnce?: true;
  /** The chunk is the receiver's only until it returns. */
  data(chunk: Uint8Array): void;
  /** The peer ended its side; what it sent has all been given to `data`. */
  end?(): void;
  /** The output buffer is empty again after `write` returned false. */
  drained?(): void;
  /** Called once, last. */
  closed(error?: Error): void;
}

export interface Connection {
  readonly remote: string;
  /** `write` copies the bytes before it returns; without it, the connection keeps the buffer. */
  readonly copies?: true;
  /** Set once, in the turn in which the connection is handed over. */
  start(events: ConnectionEvents): void;
  /** Copies or keeps the bytes (see `copies`); false asks the caller to wait for `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Bytes written here and not yet taken by the network; never more than were written. */
  readonly pendingBytes: number;
  pause(): void;
  resume(): void;
  /** Sends what is pending, then closes. */
  end(): void;
  destroy(error?: Error): void;
}

export interface Listener {
  readonly address: Address;
  /** Stops accepting; open connections stay. */
  close(): Promise<void>;
}

export interface Transport {
  connect(address: Address, timeoutMs: number): Promise<Connection>;
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
}
