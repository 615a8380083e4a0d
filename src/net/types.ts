/**
 * The transport port: byte streams between addresses, with backpressure in both directions. TCP, a
 * relayed session of a pool thread, and the in-memory transport of the tests implement it, so that
 * sessions do not depend on sockets.
 */
import type { Address } from '../base/address.js';

export interface ConnectionEvents {
  /**
   * The receiver takes each chunk as it arrives, before the turn's other sockets are read, because it
   * only relays.
   */
  readonly atOnce?: true;
  /** The chunk belongs to the receiver only until it returns. */
  data(chunk: Uint8Array): void;
  /** The peer ended its side; everything it sent has been passed to `data`. */
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
  /** Bytes written here and not yet taken by the network; at most the number of bytes written. */
  readonly pendingBytes: number;
  pause(): void;
  resume(): void;
  /** Sends the pending output, then closes. */
  end(): void;
  destroy(error?: Error): void;
}

export interface Listener {
  readonly address: Address;
  /** Stops accepting connections; open connections stay. */
  close(): Promise<void>;
}

export interface Transport {
  connect(address: Address, timeoutMs: number): Promise<Connection>;
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
}
