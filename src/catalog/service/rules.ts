/**
 * Starts new versions of the rules: the leader logs one once every replica of the catalog supports
 * it, so that no replica meets an entry that it cannot apply (docs/PROTOCOL.md, section 5). Until
 * then the features of the version are refused. Invariant: one proposal is under way at a time.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import type { Logger } from '../../base/logging.js';
import { type RulesSettings, rulesVersion } from '../../wire/internal.js';
import type { CatalogStore } from './store.js';

/** A replica may connect, or a proposal may fail, without an event. */
const checkEveryMs = 250;
/** How long the first stock waits for replicas that have not connected yet. */
const foundingWaitMs = 2_000;

export interface RulesOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The newest version that all replicas support. */
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
    this.#timer = every(options.clock, checkEveryMs, () => this.check());
    options.store.onServing(() => this.check());
  }

  /** To be called when a replica may have become able to follow newer rules. */
  check(): void {
    this.#release();
    const { store, supported, logger } = this.#options;
    if (this.#underWay || !store.status().serving || this.#isNewest()) return;
    if (supported() < rulesVersion) return;
    this.#underWay = true;
    this.#start()
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'new rules not logged'))
      .finally(() => {
        this.#underWay = false;
        this.#release();
      });
  }

  /**
   * Resolves when the newest rules hold, when this replica serves no more, or after a short wait;
   * with `isNeeded` there is no end to the wait.
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

  async #start(): Promise<void> {
    const { store, settings, logger } = this.#options;
    await store.propose(['rules', rulesVersion, await settings()]);
    logger.info({ rules: store.machine.rules }, 'new rules hold');
  }

  #isNewest(): boolean {
    return this.#options.store.machine.rules >= rulesVersion;
  }

  #release(): void {
    const { store, clock } = this.#options;
    const isOver = this.#isNewest() || !store.status().serving;
    for (const waiter of this.#waiters) {
      if (!isOver && waiter.untilMs > clock.nowMs()) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }
}

/** Throws `unavailable` where a feature of a version is asked for that does not hold yet. */
export function requireRules(store: CatalogStore, version: number, feature: string): void {
  if (store.machine.rules >= version) return;
  const message = `${feature} needs all catalog replicas to run a build that supports it`;
  throw new BazarError('unavailable', message);
}
