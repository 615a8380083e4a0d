/**
 * A service's session threads: listens, passes each session to the thread with the fewest, and
 * keeps it there. Does not depend on frames and methods, which the service's program handles.
 * Invariant: the owner accepts no session above `sessionsMax`.
 */
import { availableParallelism } from 'node:os';
import type { Address } from '../base/address.js';
import type { Clock, Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { poolLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { Connection, Listener, Transport } from '../net/types.js';
import { AddressCounts } from './address-counts.js';
import type { CallHandlers } from './call-handler.js';
import { type RelayLimits, relayLimits } from './limits.js';
import { Refusals } from './refusals.js';
import type { Relay } from './relay.js';
import { SessionThread } from './session-thread.js';
import { SharedListeners } from './shared-listeners.js';
import { type Placement, threadsFor } from './thread-placement.js';
import type { OwnerCall, PoolStatus } from './types.js';
import { localStarter, threadStarter, type WorkerStarter } from './worker-starter.js';

/** Maximum time for sockets to close and threads to stop before they are terminated. */
const stopMs = 1_000;

export interface SessionPoolOptions {
  /** Number of threads; 0 runs the program on the owner. */
  readonly workers: number;
  /** The module that exports `program: ProgramFactory`. */
  readonly program: URL;
  readonly data?: unknown;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<RelayLimits>;
  /**
   * At start, only the threads that a few sessions of this kind need are started; spare threads
   * start later, because a start is as fast as all threads of the store together. Default:
   * `spread`.
   */
  readonly first?: Placement;
  /** Overrides the number of cores of the machine. */
  readonly cores?: number;
  /**
   * True if several threads can listen on one port; otherwise one thread serves all its sessions.
   * Default: true.
   */
  readonly sharesPorts?: boolean;
  /** Takes all calls of one thread that arrived together; each must be replied to. */
  onCalls(calls: OwnerCall[]): void;
  onTell?(operation: string, args: unknown): void;
}

/** Resolves when the program runs in every thread needed at start; rejects if it cannot run. */
export async function startSessionPool(options: SessionPoolOptions): Promise<SessionPool> {
  const { workers, program, data, clock, logger } = options;
  const { cores = availableParallelism(), sharesPorts = true } = options;
  const count = Math.max(1, workers);
  if (!Number.isInteger(workers) || workers < 0 || workers > poolLimits.workersMax) {
    throw new BazarError('invalid_argument', `workers are 0 to ${poolLimits.workersMax}`);
  }
  const shared = relayLimits(options.limits);
  const used = Math.min(count, threadsFor('spread', shared.sessionsMax, cores));
  const threadSessionsMax = Math.ceil(shared.sessionsMax / (sharesPorts ? used : 1));
  const limits = { ...shared, threadSessionsMax };
  const workerOptions = { program, data, limits };
  const first = Math.min(count, threadsFor(options.first ?? 'spread', 0, cores));
  const starter =
    workers === 0
      ? localStarter(workerOptions, clock)
      : threadStarter({ first, all: workers }, workerOptions, logger);
  const handlers: CallHandlers = {
    onCalls: (calls) => options.onCalls(calls),
    onTell: (operation, args) => options.onTell?.(operation, args),
  };
  const parts = { clock, logger, limits, handlers, cores, sharesPorts, first };
  const pool = new SessionPool(count, starter, parts);
  try {
    await pool.started();
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

interface Parts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RelayLimits;
  readonly handlers: CallHandlers;
  readonly cores: number;
  readonly sharesPorts: boolean;
  readonly first: number;
}

/** Delay of the spare threads, until the store has started. */
const laterMs = 2_000;

export class SessionPool {
  readonly #parts: Parts;
  readonly #starter: WorkerStarter;
  readonly #threads: SessionThread[] = [];
  readonly #listeners = new Set<Listener>();
  /** The last message of each topic, for threads that start later. */
  readonly #topics = new Map<string, unknown>();
  readonly #shared: SharedListeners;
  /** Counts the sessions that the owner accepted. */
  readonly #addresses: AddressCounts;
  readonly #undrained = new Set<SessionThread>();
  /** Starts the spare threads. */
  readonly #later: Timer | undefined;
  /** Number of sessions that the owner accepted. */
  #sessions = 0;
  readonly #refusals: Refusals;
  #accepting = true;
  /** Re-evaluates the condition that a drain waits for. */
  #progress: () => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(count: number, starter: WorkerStarter, parts: Parts) {
    this.#parts = parts;
    this.#starter = starter;
    this.#addresses = new AddressCounts(parts.limits.addressSessionsMax);
    this.#refusals = new Refusals(parts);
    this.#shared = new SharedListeners({ ...parts, threads: this.#threads });
    for (let index = 0; index < parts.first; index++) this.#add(index);
    if (parts.first === count) return;
    this.#later = parts.clock.after(laterMs, () => {
      // A failed start is logged by the thread's place.
      for (let index = parts.first; index < count; index++)
        this.#add(index).started.catch(() => {});
    });
  }

  #add(index: number): SessionThread {
    const thread = new SessionThread({
      ...this.#parts,
      index,
      starter: this.#starter,
      onRunning: (running) => this.#prepare(running),
      onCounted: () => this.#shared.look(),
      onRefused: (count) => this.#refusals.add(count, this.#allSessions),
      onCrashed: (crashed) => this.#shared.ended(crashed),
      onDrained: (drained) => {
        if (this.#undrained.delete(drained)) this.#progress();
      },
      onSessionClosed: (remote) => {
        this.#sessions--;
        this.#addresses.remove(remote);
        this.#progress();
      },
    });
    this.#threads.push(thread);
    return thread;
  }

  async started(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.started));
  }

  async listen(
    transport: Transport,
    address: Address,
    kind: string,
    placement: Placement = 'packed',
  ): Promise<Listener> {
    const inner = await transport.listen(address, (connection) =>
      this.#accept(connection, kind, placement),
    );
    const listener: Listener = {
      address: inner.address,
      close: () => {
        this.#listeners.delete(listener);
        return inner.close();
      },
    };
    this.#listeners.add(listener);
    return listener;
  }

  /**
   * Lets threads listen themselves: as many as the sessions need, with connections distributed by
   * the kernel, or one alone. The port must not be 0. Rejects if a thread cannot listen.
   */
  async listenInThreads(
    address: Address,
    kind: string,
    placement: Placement = 'packed',
  ): Promise<Listener> {
    const close = (): Promise<void> => this.#shared.close(kind);
    try {
      await this.#shared.open(address, kind, placement);
    } catch (error) {
      await close();
      throw error;
    }
    return { address, close };
  }

  /** Sends to every thread, now and after a restart, until the topic's next message. */
  broadcast(topic: string, message: unknown): void {
    this.#topics.set(topic, message);
    for (const thread of this.#threads) thread.relay?.send({ type: 'told', topic, message });
  }

  status(): PoolStatus {
    const threads = this.#threads.map((thread) => thread.status());
    return { threads, sessions: this.#allSessions, refused: this.#refusals.total };
  }

  /** Includes the sessions that threads accepted themselves. */
  get #allSessions(): number {
    return this.#threads.reduce((sum, { sessions }) => sum + sessions, 0);
  }

  /**
   * Accepts nothing more, waits at most `drainMs` for the requests in progress, sends, and closes.
   */
  async drain(): Promise<void> {
    if (this.#closing) return this.#closing;
    await this.#stopAccepting();
    for (const thread of this.#threads) {
      this.#undrained.add(thread);
      if (!thread.drain()) this.#undrained.delete(thread);
    }
    const { clock, limits } = this.#parts;
    const deadlineMs = clock.nowMs() + limits.drainMs;
    await this.#until(() => this.#undrained.size === 0, deadlineMs);
    for (const thread of this.#threads) thread.relay?.finishAll();
    await this.#until(() => this.#sessions === 0, deadlineMs);
    await this.close();
  }

  /** Closes every session and ends every thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#stopAccepting();
    for (const thread of this.#threads) thread.relay?.destroyAll();
    const deadlineMs = this.#parts.clock.nowMs() + stopMs;
    await this.#until(() => this.#sessions === 0, deadlineMs);
    let stopped = false;
    const stopping = Promise.all(this.#threads.map((thread) => thread.stop()));
    const checked = stopping.then(() => {
      stopped = true;
      this.#progress();
    });
    await this.#until(() => stopped, deadlineMs);
    for (const thread of this.#threads) thread.abandon();
    await this.#starter.close();
    await checked;
  }

  async #stopAccepting(): Promise<void> {
    this.#accepting = false;
    this.#later?.cancel();
    // The threads close their own listeners when they drain or stop.
    this.#shared.forget();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
  }

  /** Waits until the condition holds or the time is up. */
  #until(holds: () => boolean, deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const { clock } = this.#parts;
      const timer = clock.after(Math.max(0, deadlineMs - clock.nowMs()), resolve);
      this.#progress = () => {
        if (!holds()) return;
        this.#progress = () => {};
        timer.cancel();
        resolve();
      };
      this.#progress();
    });
  }

  #accept(connection: Connection, kind: string, placement: Placement): void {
    const relay = this.#leastLoaded(placement);
    const isFull = this.#allSessions >= this.#parts.limits.sessionsMax;
    if (!this.#accepting || isFull || !relay || !this.#addresses.add(connection.remote)) {
      connection.start({ data: () => {}, closed: () => {} });
      connection.destroy();
      if (this.#accepting) this.#refusals.add(1, this.#allSessions);
      return;
    }
    this.#sessions++;
    relay.accept(connection, kind);
  }

  #leastLoaded(placement: Placement): Relay | undefined {
    const wanted = threadsFor(placement, this.#sessions + 1, this.#parts.cores);
    const running = this.#threads.filter(({ relay }) => relay !== undefined).slice(0, wanted);
    let least: SessionThread | undefined;
    for (const thread of running) {
      if (!least || thread.sessions < least.sessions) least = thread;
    }
    return least?.relay;
  }

  /** Sends the last message of each topic to a thread that has just started. */
  #prepare(thread: SessionThread): void {
    this.#shared.look();
    for (const [topic, message] of this.#topics) {
      thread.relay?.send({ type: 'told', topic, message });
    }
  }
}
