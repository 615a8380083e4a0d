/**
 * The sessions that a thread accepts by itself, on ports that it has alone or shares with other
 * threads (the kernel spreads connections over them). Like the relay's they end alone when a handler
 * throws. It opens no socket: the program listens. Invariant: never more than `sessionsMax`.
 */
import type { Address } from '../base/address.js';
import { AssertionError } from '../base/assert.js';
import type { Connection, ConnectionEvents, Listener } from '../net/types.js';
import { AddressCounts } from './address-counts.js';
import type { SessionProgram } from './types.js';

export interface OwnListenersOptions {
  readonly program: SessionProgram;
  readonly sessionsMax: number;
  /** Of one address; undefined: as many as there are. */
  readonly addressSessionsMax?: number;
  /** A session was accepted or has closed. */
  readonly counted: () => void;
  /** A connection was closed at once, for there are too many. */
  readonly refused: () => void;
  /** A handler threw, and its session was closed. */
  readonly failed: (remote: string, error: Error) => void;
}

export class OwnListeners {
  readonly #options: OwnListenersOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #open = new Set<OwnConnection>();
  readonly #addresses: AddressCounts;
  #accepting = true;
  #whenEmpty: () => void = () => {};

  constructor(options: OwnListenersOptions) {
    this.#options = options;
    this.#addresses = new AddressCounts(options.addressSessionsMax ?? options.sessionsMax);
  }

  get sessions(): number {
    return this.#open.size;
  }

  /** Rejects where the thread cannot listen there. */
  async listen(address: Address, kind: string): Promise<void> {
    const { program } = this.#options;
    if (!program.listen) throw new Error('the program does not listen by itself');
    const listener = await program.listen(address, (connection) => this.#accept(connection, kind));
    if (this.#accepting) this.#listeners.set(kind, listener);
    else await listener.close();
  }

  async unlisten(kind: string): Promise<void> {
    await this.#listeners.get(kind)?.close();
    this.#listeners.delete(kind);
  }

  async stopAccepting(): Promise<void> {
    this.#accepting = false;
    await Promise.all([...this.#listeners.keys()].map((kind) => this.unlisten(kind)));
  }

  /** Sends what is pending and closes; resolves when no session is left. */
  finish(): Promise<void> {
    for (const connection of this.#open) connection.end();
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** Closes everything at once. */
  destroy(): void {
    void this.stopAccepting();
    for (const connection of [...this.#open]) connection.destroy();
  }

  #accept(inner: Connection, kind: string): void {
    const { sessionsMax } = this.#options;
    const isFull = !this.#accepting || this.#open.size >= sessionsMax;
    if (isFull || !this.#addresses.add(inner.remote)) {
      inner.start({ data: () => {}, closed: () => {} });
      inner.destroy();
      if (this.#accepting) this.#options.refused();
      return;
    }
    const connection = new OwnConnection(inner, {
      failed: (error) => this.#options.failed(inner.remote, error),
      closed: () => {
        this.#open.delete(connection);
        this.#addresses.remove(inner.remote);
        this.#options.counted();
        if (this.#open.size === 0) this.#whenEmpty();
      },
    });
    this.#open.add(connection);
    this.#options.counted();
    connection.guard(() => this.#options.program.open(connection, kind));
  }
}

interface Watcher {
  failed(error: Error): void;
  closed(): void;
}

/** A connection whose handlers may throw without harm to the others. */
class OwnConnection implements Connection {
  readonly #inner: Connection;
  readonly #watcher: Watcher;
  #started = false;

  constructor(inner: Connection, watcher: Watcher) {
    this.#inner = inner;
    this.#watcher = watcher;
  }

  get remote(): string {
    return this.#inner.remote;
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes;
  }

  start(events: ConnectionEvents): void {
    this.#started = true;
    this.#inner.start({
      // For each chunk, so no closure for it.
      data: (chunk) => {
        try {
          events.data(chunk);
        } catch (error) {
          this.#threw(error);
        }
      },
      end: () => this.guard(() => events.end?.()),
      drained: () => this.guard(() => events.drained?.()),
      closed: (error) => {
        this.#watcher.closed();
        this.guard(() => events.closed(error));
      },
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#inner.write(bytes);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(error?: Error): void {
    this.#inner.destroy(error);
  }

  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#threw(error);
    }
  }

  #threw(error: unknown): void {
    // A broken invariant is not the session's affair: the whole thread can be wrong.
    if (error instanceof AssertionError) throw error;
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#watcher.failed(failure);
    // Its end must be heard of even where the program never came to listen to it.
    if (!this.#started) this.start({ data: () => {}, closed: () => {} });
    this.#inner.destroy(failure);
  }
}
