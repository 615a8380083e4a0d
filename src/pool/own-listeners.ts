/**
 * The sessions that a thread accepts itself, on ports that it uses alone or shares with other
 * threads (the kernel distributes the connections). As with the relay, a session whose handler
 * throws is closed alone. Opens no socket: the program listens. Invariant: never more than
 * `sessionsMax` sessions.
 */
import type { Address } from '../base/address.js';
import { AssertionError } from '../base/assert.js';
import type { Connection, ConnectionEvents, Listener } from '../net/types.js';
import { AddressCounts } from './address-counts.js';
import type { SessionProgram } from './types.js';

export interface OwnListenersOptions {
  readonly program: SessionProgram;
  readonly sessionsMax: number;
  /** Maximum of sessions of one address; undefined for no limit. */
  readonly addressSessionsMax?: number;
  /** A session was accepted or has closed. */
  readonly counted: () => void;
  /** A connection was closed at once, because there are too many sessions. */
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

  /** Rejects if the thread cannot listen there. */
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

  /** Sends what is pending and closes. Resolves when no session is left. */
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

/** Wraps a connection: an error of its handlers does not affect other sessions. */
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
      // Called for each chunk, so it creates no closure.
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
    // A broken invariant may affect the whole thread, so it is not handled here.
    if (error instanceof AssertionError) throw error;
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#watcher.failed(failure);
    // The close must be noticed even if the program has not started the connection.
    if (!this.#started) this.start({ data: () => {}, closed: () => {} });
    this.#inner.destroy(failure);
  }
}
