/**
 * Supervises the services of a store: starts them together, restarts those that died, and stops
 * them stage by stage. It uses only their names and does not depend on their kind. Invariant: there
 * is at most one process a name, and no process starts after stopping has begun.
 */
import type { Clock, Timer } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import type { PidFiles } from './pid-files.js';
import type { ServiceProcess } from './service-process.js';
import { needsOperator } from './start-failure.js';

const backoffMinMs = 1_000;
const backoffMaxMs = 15_000;
/** After this uptime a service counts as healthy, and its next backoff starts from the minimum. */
const ranWellMs = 30_000;
/** A service drains within 5 s; one that takes longer than this hangs. */
const stopTimeoutMs = 12_000;

export interface SupervisedService {
  readonly name: string;
  /** Services of one stage stop together, after those of higher stages. */
  readonly stage: number;
  spawn(how?: SpawnWay): ServiceProcess;
}

export interface SpawnWay {
  /** With `repair`, the service cuts off a corrupt journal and rejoins. */
  readonly repair: boolean;
}

export interface SupervisorOptions {
  readonly services: readonly SupervisedService[];
  /**
   * The reason why the store cannot open without the services of these names; undefined if it can.
   */
  whyShut(lost: ReadonlySet<string>): string | undefined;
  /** Whether to restart a service that died. */
  readonly restart: boolean;
  readonly clock: Clock;
  readonly pids: PidFiles;
  /** Prints progress for people, and problems as warnings. */
  report(line: string, level?: 'warn'): void;
}

interface Slot {
  readonly service: SupervisedService;
  process: ServiceProcess | undefined;
  startedMs: number;
  backoffMs: number;
  timer: Timer | undefined;
  /** It failed in a way that a restart does not fix. */
  mustWait: boolean;
}

export interface ServiceState {
  readonly name: string;
  readonly pid: number | undefined;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  /** Set when the store has opened. Before that, no service is restarted. */
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = options.services.map((service) => ({
      service,
      process: undefined,
      startedMs: 0,
      backoffMs: backoffMinMs,
      timer: undefined,
      mustWait: false,
    }));
  }

  /**
   * Resolves when each service is ready or has failed, and the store can open without the failed
   * ones. Rejects with their reasons as soon as it cannot open. No service waits for another.
   */
  async start(): Promise<void> {
    if (this.#stopping) return;
    const failures = new Map<string, string>();
    await Promise.all(this.#slots.map((slot) => this.#startFirst(slot, failures)));
    if (this.#stopping) return;
    this.#started = true;
    // The services that failed, and those that died after they were ready but before the last one
    // was.
    for (const slot of this.#slots) if (!slot.process && !slot.timer) this.#afterEnd(slot);
  }

  async #startFirst(slot: Slot, failures: Map<string, string>): Promise<void> {
    const { report, whyShut } = this.#options;
    const { name } = slot.service;
    const process = this.#spawn(slot);
    try {
      await process.ready;
      report(`${name} is ready (pid ${process.pid})`);
    } catch (error) {
      failures.set(name, error instanceof Error ? error.message : String(error));
      const reason = whyShut(new Set(failures.keys()));
      if (reason !== undefined) {
        throw new BazarError('unavailable', [...failures.values(), reason].join('\n'));
      }
      if (!this.#stopping) report(`${failures.get(name)}`, 'warn');
    }
  }

  /** Stops all services, in reverse order of the stages. Resolves when no process is left. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  states(): ServiceState[] {
    return this.#slots.map(({ service, process }) => ({ name: service.name, pid: process?.pid }));
  }

  /** Sends SIGKILL. The service comes back if restarts are on, otherwise with `startOne`. */
  async killOne(name: string): Promise<number> {
    const slot = this.#slot(name);
    if (!slot.process) throw new BazarError('unavailable', `${name} is not running`);
    const { pid } = slot.process;
    await slot.process.kill();
    return pid;
  }

  /** Starts a stopped service without waiting for its backoff. Resolves when it is ready. */
  async startOne(
    name: string,
    how: SpawnWay = { repair: false },
  ): Promise<{ readonly pid: number; readonly ran: boolean }> {
    const slot = this.#slot(name);
    if (this.#stopping) throw new BazarError('unavailable', 'the store is stopping');
    const ran = slot.process !== undefined;
    if (ran && how.repair) {
      throw new BazarError('conflict', `${name} is running: --repair is for a stopped service`);
    }
    const process = slot.process ?? this.#spawn(slot, how);
    await process.ready;
    return { pid: process.pid, ran };
  }

  #slot(name: string): Slot {
    const slot = this.#slots.find((one) => one.service.name === name);
    if (slot) return slot;
    const names = this.#slots.map((one) => one.service.name).join(', ');
    throw new BazarError('not_found', `this store has no ${name}; it has ${names}`);
  }

  #stages(): Slot[][] {
    const stages = new Map<number, Slot[]>();
    for (const slot of this.#slots) {
      const { stage } = slot.service;
      stages.set(stage, [...(stages.get(stage) ?? []), slot]);
    }
    return [...stages].sort(([a], [b]) => a - b).map(([, slots]) => slots);
  }

  #spawn(slot: Slot, how?: SpawnWay): ServiceProcess {
    const { clock, pids } = this.#options;
    const { name } = slot.service;
    slot.timer?.cancel();
    slot.timer = undefined;
    const process = slot.service.spawn(how);
    slot.process = process;
    slot.mustWait = false;
    slot.startedMs = clock.nowMs();
    pids.write(name, process.pid);
    void process.ended.then((how) => this.#ended(slot, process, how));
    return process;
  }

  #ended(slot: Slot, process: ServiceProcess, how: string): void {
    const { clock, pids, restart, report } = this.#options;
    const { name } = slot.service;
    slot.process = undefined;
    pids.release(name, process.pid);
    const failure = process.failure();
    slot.mustWait = failure !== undefined && needsOperator(failure);
    if (this.#stopping || !this.#started) return;
    if (clock.nowMs() - slot.startedMs >= ranWellMs) slot.backoffMs = backoffMinMs;
    const advice = restart ? '' : `; bazar start ${name} restarts it`;
    report(failure?.line ?? `${name} died (${how})${advice}`, 'warn');
    this.#afterEnd(slot);
  }

  /** Restarts it after its backoff, unless an operator must act first. */
  #afterEnd(slot: Slot): void {
    const { name } = slot.service;
    if (!slot.mustWait) this.#schedule(slot);
    else this.#options.report(`${name} stays down until bazar start ${name}`, 'warn');
  }

  #schedule(slot: Slot): void {
    const { clock, restart, report } = this.#options;
    if (!restart || this.#stopping) return;
    const { name } = slot.service;
    report(`starting ${name} again in ${slot.backoffMs / 1000} s`);
    slot.timer = clock.after(slot.backoffMs, () => this.#respawn(slot));
    slot.backoffMs = Math.min(slot.backoffMs * 2, backoffMaxMs);
  }

  #respawn(slot: Slot): void {
    const { report } = this.#options;
    const { name } = slot.service;
    let process: ServiceProcess;
    try {
      process = this.#spawn(slot);
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      report(`${name} could not be started: ${reason}`, 'warn');
      this.#schedule(slot);
      return;
    }
    process.ready.then(
      () => report(`${name} is ready again (pid ${process.pid})`),
      (error: Error) => {
        if (slot.process !== process || this.#stopping) return;
        // The exit of the killed process schedules the next attempt.
        report(`${error.message}\nkilling ${name}, which does not respond`, 'warn');
        void process.kill();
      },
    );
  }

  async #stopAll(): Promise<void> {
    for (const slot of this.#slots) slot.timer?.cancel();
    for (const stage of this.#stages().reverse()) {
      await Promise.all(stage.map((slot) => this.#stopOne(slot)));
    }
  }

  async #stopOne(slot: Slot): Promise<void> {
    if (!slot.process) return;
    await slot.process.stop(stopTimeoutMs);
    this.#options.report(`${slot.service.name} has stopped`);
  }
}
