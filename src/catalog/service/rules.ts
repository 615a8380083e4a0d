/**
 * Starts new versions of the rules. The leader logs a version once every catalog replica supports
 * it, so that no replica gets an entry that it cannot apply (docs/PROTOCOL.md, section 5). Until
 * then the features of the version are refused. Invariant: at most one proposal is in progress.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import { type RulesSettings, rulesVersion } from '../../wire/internal.js';
import type { CatalogStore } from './store.js';

/** Polls, because a replica may connect or a proposal may fail without an event. */
const checkEveryMs = 250;
/** Later rules begin when an order leader asks for the ledger; the first stock does not wait for it. */
const foundingRules = 3;
/** How long the first stock waits for replicas that have not connected yet. */
const foundingWaitMs = 2_000;

export interface RulesOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The newest version that may begin: all replicas support it. */
  readonly supported: () => number;
  readonly settings: () => Promise<RulesSettings>;
}

interface Waiter {
  readonly untilMs: number;
  readonly done: () => void;
}

export class Rules {
  readonly #options: RulesOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #timer: Timer;
  #underWay = false;

  constructor(options: RulesOptions) {
    this.#options = options;
    this.#timer = every(options.clock, checkEveryMs, () => {
      this.check();
      if (this.#isNewest()) this.#timer.cancel();
    });
    options.store.onServing(() => this.check());
  }

  /** Call when a replica may have begun to support newer rules. */
  check(): void {
    this.#release();
    const { store, supported, logger } = this.#options;
    const version = supported();
    const isNew = version > store.machine.rules && version >= foundingRules;
    if (this.#underWay || !store.status().serving || !isNew) return;
    this.#underWay = true;
    this.#start(version)
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'new rules not logged'))
      .finally(() => {
        this.#underWay = false;
        this.#release();
      });
  }

  /**
   * Resolves when the rules of a new store apply, when this replica no longer serves, or after a short
   * wait. With `isNeeded` the wait has no limit.
   */
  settled(isNeeded: boolean): Promise<void> {
    const { clock } = this.#options;
    const untilMs = isNeeded ? Number.POSITIVE_INFINITY : clock.nowMs() + foundingWaitMs;
    return new Promise((done) => {
      this.#waiters.add({ untilMs, done });
      this.check();
    });
  }

  stop(): void {
    this.#timer.cancel();
  }

  async #start(version: number): Promise<void> {
    const { store, settings, logger } = this.#options;
    await store.propose(['rules', version, await settings()]);
    logger.info({ rules: store.machine.rules }, 'new rules apply');
  }

  #isNewest(): boolean {
    return this.#options.store.machine.rules >= rulesVersion;
  }

  #release(): void {
    const { store, clock } = this.#options;
    const isOver = store.machine.rules >= foundingRules || !store.status().serving;
    for (const waiter of this.#waiters) {
      if (!isOver && waiter.untilMs > clock.nowMs()) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }
}
