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
import { type Filling, threadsFor } from './thread-placement.js';

/** So soon a thread that could not listen is told to again; each time twice as long until it can. */
const retryMinMs = 10;
const retryMaxMs = 1_000;

interface Door {
  readonly kind: string;
  readonly address: Address;
  readonly filling: Filling;
  /** Those that were told to listen, and have not failed to. */
  readonly listening: Set<SessionThread>;
  readonly failed: Set<SessionThread>;
  /** Since one could. */
  failures: number;
}

export interface SharedDoorsOptions {
  readonly threads: readonly SessionThread[];
  readonly cores: number;
  /** Several threads can listen on one port. */
  readonly sharesPorts: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class SharedDoors {
  readonly #options: SharedDoorsOptions;
  readonly #doors = new Map<string, Door>();

  constructor(options: SharedDoorsOptions) {
    this.#options = options;
  }

  /** Rejects where one of the threads cannot listen there. */
  async open(address: Address, kind: string, filling: Filling): Promise<void> {
    const [listening, failed] = [new Set<SessionThread>(), new Set<SessionThread>()];
    const door: Door = { kind, address, filling, listening, failed, failures: 0 };
    this.#doors.set(kind, door);
    const wanted = this.#wanted(door);
    if (wanted.length === 0) throw new BazarError('unavailable', 'no thread runs');
    await Promise.all(wanted.map((thread) => listen(thread, door)));
  }

  async close(kind: string): Promise<void> {
    const listening = this.#doors.get(kind)?.listening ?? [];
    this.#doors.delete(kind);
    await Promise.all([...listening].map((thread) => thread.unlisten(kind)));
  }

  /** No further thread is to listen; those that do are told by others to stop. */
  forget(): void {
    this.#doors.clear();
  }

  ended(thread: SessionThread): void {
    for (const door of this.#doors.values()) door.listening.delete(thread);
    this.look();
  }

  /** There are more sessions, or other threads: somebody may have to listen who does not. */
  look(): void {
    for (const door of this.#doors.values()) {
      for (const thread of this.#wanted(door)) {
        listen(thread, door).catch((error: unknown) => this.#failed(door, thread, error));
      }
    }
  }

  /**
   * Another thread is told to at once, where there is one, and this one a little later: a thread that
   * crashed may hold the port for a moment after it is known to have ended.
   */
  #failed(door: Door, thread: SessionThread, error: unknown): void {
    const { kind, listening, failed } = door;
    const { clock, logger } = this.#options;
    logger.error({ kind, err: String(error) }, 'a thread does not listen');
    listening.delete(thread);
    failed.add(thread);
    const waitMs = Math.min(retryMaxMs, retryMinMs * 2 ** door.failures++);
    clock.after(waitMs, () => {
      failed.delete(thread);
      this.look();
    });
    this.look();
  }

  /** The threads that are to listen there and do not yet. */
  #wanted({ filling, listening, failed }: Door): SessionThread[] {
    const { threads, cores, sharesPorts } = this.#options;
    const sessions = threads.reduce((sum, thread) => sum + thread.sessions, 0);
    const most = sharesPorts ? threadsFor(filling, sessions, cores) : 1;
    const lacking = most - listening.size;
    if (lacking <= 0) return [];
    const idle = threads.filter(
      (thread) => thread.relay !== undefined && !listening.has(thread) && !failed.has(thread),
    );
    return idle.slice(0, lacking);
  }
}

async function listen(thread: SessionThread, door: Door): Promise<void> {
  door.listening.add(thread);
  await thread.listen(door.address, door.kind);
  door.failures = 0;
}
