/**
 * One place for a session thread. When a thread crashes, its sessions and calls are lost and
 * another thread is started, with a growing delay after repeated crashes. Does not choose sessions.
 * Invariant: at most one relay is active.
 */

import type { Address } from '../base/address.js';
import type { Clock, Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type { CallHandlers } from './call-handler.js';
import type { RelayLimits } from './limits.js';
import { Relay } from './relay.js';
import type { Control } from './thread-port.js';
import type { ThreadStatus } from './types.js';
import type { WorkerStarter } from './worker-starter.js';

const restartMinMs = 100;
const restartMaxMs = 10_000;
/** A thread that ran for this long ends a series of crashes. */
const soundAfterMs = 60_000;

export interface SessionThreadOptions {
  readonly index: number;
  readonly starter: WorkerStarter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RelayLimits;
  readonly handlers: CallHandlers;
  /** The thread serves from now on and must get the last message of each topic. */
  readonly onRunning: (thread: SessionThread) => void;
  /** The thread has reported how many sessions it accepted itself. */
  readonly onCounted: () => void;
  /** The thread has closed this many connections at once, because there are too many sessions. */
  readonly onRefused: (count: number) => void;
  readonly onCrashed: (thread: SessionThread) => void;
  readonly onDrained: (thread: SessionThread) => void;
  readonly onSessionClosed: (remote: string) => void;
}

export class SessionThread {
  readonly #options: SessionThreadOptions;
  /** Callbacks that wait for the thread to start or stop listening, by kind. */
  readonly #listeners = new Map<string, (problem?: string) => void>();
  #ownSessions = 0;
  #relay: Relay | undefined;
  #state: ThreadStatus['state'] = 'starting';
  #startedMs = 0;
  #crashes = 0;
  /** Number of crashes since a thread last ran long enough. */
  #series = 0;
  #retiring = false;
  #restart: Timer | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #failStart: (error: Error) => void;
  /**
   * Resolves when the first thread runs. Rejects if it crashes before; then no other one is
   * started.
   */
  readonly started: Promise<void>;
  #markStarted: () => void = () => {};

  constructor(options: SessionThreadOptions) {
    this.#options = options;
    let failStart: (error: Error) => void = () => {};
    this.started = new Promise((resolve, reject) => {
      this.#markStarted = resolve;
      failStart = reject;
    });
    this.#failStart = failStart;
    this.#startWorker();
  }

  /** The relay for new sessions, while the thread serves. */
  get relay(): Relay | undefined {
    return this.#state === 'running' ? this.#relay : undefined;
  }

  get sessions(): number {
    return (this.#relay?.sessions ?? 0) + this.#ownSessions;
  }

  /** Makes the thread accept sessions itself; rejects if it cannot. */
  listen(address: Address, kind: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listeners.set(kind, (problem) => {
        if (problem === undefined) resolve();
        else reject(new BazarError('unavailable', problem));
      });
      if (this.relay) this.relay.send({ type: 'listen', kind, address });
      else this.#answer(kind, 'the thread does not run');
    });
  }

  /** Resolves when the thread accepts no more sessions of the kind, or has ended. */
  unlisten(kind: string): Promise<void> {
    return new Promise((resolve) => {
      this.#listeners.set(kind, () => resolve());
      if (this.relay) this.relay.send({ type: 'unlisten', kind });
      else this.#answer(kind);
    });
  }

  #answer(kind: string, problem?: string): void {
    const waiting = this.#listeners.get(kind);
    this.#listeners.delete(kind);
    waiting?.(problem);
  }

  status(): ThreadStatus {
    return {
      state: this.#state,
      sessions: this.sessions,
      callsOutstanding: this.#relay?.callsOutstanding ?? 0,
      inputBytes: this.#relay?.inputBytes ?? 0,
      outputBytes: this.#relay?.outputBytes ?? 0,
      crashes: this.#crashes,
    };
  }

  /**
   * Asks the program to drain; returns false if there is none. From now on no thread is replaced.
   */
  drain(): boolean {
    this.#retiring = true;
    this.#restart?.cancel();
    this.relay?.send({ type: 'drain' });
    return this.relay !== undefined;
  }

  /** Resolves when the thread's task has ended. The thread may hang, so wait with a limit. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    this.#restart?.cancel();
    this.#relay?.send({ type: 'stop' });
    return this.#ended;
  }

  /** For a thread that did not stop: closes its sockets without its help. */
  abandon(): void {
    this.#relay?.abandon();
  }

  #startWorker(): void {
    const { starter, clock, logger, limits, handlers, onSessionClosed } = this.#options;
    this.#state = 'starting';
    this.#startedMs = clock.nowMs();
    const { port, ended } = starter.startWorker();
    const onControl = (control: Control): void => this.#control(control);
    const relay = new Relay({ port, clock, logger, limits, handlers, onControl, onSessionClosed });
    this.#relay = relay;
    this.#ended = ended.then(
      () => this.#end(new BazarError('internal', 'the thread ended by itself')),
      (error: unknown) => this.#end(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #control(control: Control): void {
    if (control.type === 'drained') this.#options.onDrained(this);
    if (control.type === 'listening') this.#answer(control.kind, control.problem);
    if (control.type === 'unlistened') this.#answer(control.kind);
    if (control.type === 'sessions') {
      this.#ownSessions = control.count;
      this.#options.onCounted();
      if (control.refused > 0) this.#options.onRefused(control.refused);
    }
    if (control.type === 'session-failed') {
      this.#options.logger.error({ remote: control.remote, err: control.err }, 'a session failed');
    }
    if (control.type !== 'ready' || this.#state !== 'starting') return;
    this.#state = 'running';
    this.#options.onRunning(this);
    this.#markStarted();
  }

  #end(error: Error): void {
    const neverRan = this.#crashes === 0 && this.#state === 'starting';
    this.#relay?.abandon();
    this.#relay = undefined;
    this.#ownSessions = 0;
    for (const kind of [...this.#listeners.keys()]) this.#answer(kind, 'the thread ended');
    if (this.#state === 'stopped') return;
    const { clock, index, logger, onCrashed, onDrained } = this.#options;
    this.#state = 'crashed';
    this.#crashes++;
    const lived = clock.nowMs() - this.#startedMs;
    this.#series = lived > soundAfterMs ? 1 : this.#series + 1;
    logger.error({ thread: index, crashes: this.#crashes, err: error.stack }, 'a thread crashed');
    onCrashed(this);
    onDrained(this);
    if (neverRan) {
      this.#failStart(error);
      return;
    }
    if (this.#retiring) return;
    // After the first crash a thread is started at once; each further crash of a series doubles the
    // delay.
    if (this.#series === 1) this.#startWorker();
    else this.#restart = clock.after(this.#restartMs(), () => this.#startWorker());
  }

  #restartMs(): number {
    return Math.min(restartMaxMs, restartMinMs * 2 ** (this.#series - 2));
  }
}
