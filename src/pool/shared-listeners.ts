/**
 * The ports on which threads of a pool listen by themselves, side by side: on each as many threads
 * as its sessions want, for the kernel gives every listening thread its share; where threads cannot
 * share a port, one alone. A thread that listens goes on until it ends or the door is closed, since
 * closing a port resets who waits there to be accepted. Knows no session. Invariant: while any thread
 * runs, somebody listens on every door, or is told to again and again.
 */
import type { Address } from '../base/address.js';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type { SessionThread } from './session-thread.js';
import { type Placement, threadsFor } from './thread-placement.js';

/** So soon a thread that could not listen is told to again; each time twice as long until it can. */
const retryMinMs = 10;
const retryMaxMs = 1_000;

interface SharedListener {
  readonly kind: string;
  readonly address: Address;
  readonly placement: Placement;
  /** Those that were told to listen, and have not failed to. */
  readonly listening: Set<SessionThread>;
  readonly failed: Set<SessionThread>;
  /** Since one could. */
  failures: number;
}

export interface SharedListenersOptions {
  readonly threads: readonly SessionThread[];
  readonly cores: number;
  /** Several threads can listen on one port. */
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

  /** Rejects where one of the threads cannot listen there. */
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

  /** No further thread is to listen; those that do are told by others to stop. */
  forget(): void {
    this.#listeners.clear();
  }

  ended(thread: SessionThread): void {
    for (const listener of this.#listeners.values()) listener.listening.delete(thread);
    this.look();
  }

  /** There are more sessions, or other threads: somebody may have to listen who does not. */
  look(): void {
    for (const listener of this.#listeners.values()) {
      for (const thread of this.#wanted(listener)) {
        listen(thread, listener).catch((error: unknown) => this.#failed(listener, thread, error));
      }
    }
  }

  /**
   * Another thread is told to at once, where there is one, and this one a little later: a thread that
   * crashed may hold the port for a moment after it is known to have ended.
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

  /** The threads that are to listen there and do not yet. */
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
