/**
 * The ports on which threads of a pool listen themselves: on each, as many threads as its sessions
 * need, because the kernel gives every listening thread an equal share. If threads cannot share a
 * port, one listens alone. A thread listens until it ends or the port is closed, because closing a
 * listening socket resets the connections waiting in it. Does not depend on sessions. Invariant:
 * while any thread runs, a thread listens on every port, or is asked to repeatedly.
 */
import type { Address } from '../base/address.js';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type { SessionThread } from './session-thread.js';
import { type Placement, threadsFor } from './thread-placement.js';

/** First delay before a thread that failed to listen tries again; doubled each time. */
const retryMinMs = 10;
const retryMaxMs = 1_000;

interface SharedListener {
  readonly kind: string;
  readonly address: Address;
  readonly placement: Placement;
  /** Threads that listen or were asked to, and have not failed. */
  readonly listening: Set<SessionThread>;
  readonly failed: Set<SessionThread>;
  /** Number of failures since a thread last listened. */
  failures: number;
}

export interface SharedListenersOptions {
  readonly threads: readonly SessionThread[];
  readonly cores: number;
  /** True if several threads can listen on one port. */
  readonly sharesPorts: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class SharedListeners {
  readonly #options: SharedListenersOptions;
  readonly #listeners = new Map<string, SharedListener>();

  constructor(options: SharedListenersOptions) {
    this.#options = options;
  }

  /** Rejects if one of the threads cannot listen there. */
  async open(address: Address, kind: string, placement: Placement): Promise<void> {
    const [listening, failed] = [new Set<SessionThread>(), new Set<SessionThread>()];
    const listener: SharedListener = { kind, address, placement, listening, failed, failures: 0 };
    this.#listeners.set(kind, listener);
    const wanted = this.#wanted(listener);
    if (wanted.length === 0) throw new BazarError('unavailable', 'no thread runs');
    await Promise.all(wanted.map((thread) => listen(thread, listener)));
  }

  async close(kind: string): Promise<void> {
    const listening = this.#listeners.get(kind)?.listening ?? [];
    this.#listeners.delete(kind);
    await Promise.all([...listening].map((thread) => thread.unlisten(kind)));
  }

  /** Starts no further listening threads; the caller stops the current ones. */
  forget(): void {
    this.#listeners.clear();
  }

  ended(thread: SessionThread): void {
    for (const listener of this.#listeners.values()) listener.listening.delete(thread);
    this.look();
  }

  /** The number of sessions or threads changed: more threads may have to listen. */
  look(): void {
    for (const listener of this.#listeners.values()) {
      for (const thread of this.#wanted(listener)) {
        listen(thread, listener).catch((error: unknown) => this.#failed(listener, thread, error));
      }
    }
  }

  /**
   * Tells another thread at once, if there is one, and this one a little later: a crashed thread
   * may hold the port for a moment after its end is noticed.
   */
  #failed(listener: SharedListener, thread: SessionThread, error: unknown): void {
    const { kind, listening, failed } = listener;
    const { clock, logger } = this.#options;
    logger.error({ kind, err: String(error) }, 'a thread does not listen');
    listening.delete(thread);
    failed.add(thread);
    const waitMs = Math.min(retryMaxMs, retryMinMs * 2 ** listener.failures++);
    clock.after(waitMs, () => {
      failed.delete(thread);
      this.look();
    });
    this.look();
  }

  /** The threads that should listen on the port and do not yet. */
  #wanted({ placement, listening, failed }: SharedListener): SessionThread[] {
    const { threads, cores, sharesPorts } = this.#options;
    const sessions = threads.reduce((sum, thread) => sum + thread.sessions, 0);
    const most = sharesPorts ? threadsFor(placement, sessions, cores) : 1;
    const lacking = most - listening.size;
    if (lacking <= 0) return [];
    const idle = threads.filter(
      (thread) => thread.relay !== undefined && !listening.has(thread) && !failed.has(thread),
    );
    return idle.slice(0, lacking);
  }
}

async function listen(thread: SessionThread, listener: SharedListener): Promise<void> {
  listener.listening.add(thread);
  await thread.listen(listener.address, listener.kind);
  listener.failures = 0;
}
