/**
 * Frees the stock of holds that are due: the catalog leader proposes `Expire` when log time can have
 * reached the next hold's end, and while holds are open at least every 10 s, so that log time moves on an
 * idle store too (docs/STOCK.md, H5, H6). Decides nothing: apply looks at log time again. Invariant: at
 * most one proposal is in progress.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import { holdLimits } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type { CatalogStore } from './store.js';

export interface HoldExpiryOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class HoldExpiry {
  readonly #options: HoldExpiryOptions;
  readonly #timer: Timer;
  /** The newest log time that was seen applied here, and when that was. */
  #logTime = 0;
  #seenMs: number;
  #underWay = false;
  #restUntilMs = 0;

  constructor(options: HoldExpiryOptions) {
    this.#options = options;
    this.#seenMs = options.clock.nowMs();
    this.#timer = every(options.clock, holdLimits.expireEveryMs, () => this.check());
  }

  /** Proposes an entry if one is due. */
  check(): void {
    const { store, clock, logger } = this.#options;
    const { machine } = store;
    const nowMs = clock.nowMs();
    if (machine.lastLogTime !== this.#logTime) {
      this.#logTime = machine.lastLogTime;
      this.#seenMs = nowMs;
    }
    const { nextDue } = machine.holds;
    const isResting = nowMs < this.#restUntilMs;
    if (this.#underWay || isResting || nextDue === undefined || !store.status().serving) return;
    // The next entry gets at least this log time, if it is not further away than one step.
    const passedMs = nowMs - this.#seenMs;
    const time = this.#logTime + passedMs;
    const due = nextDue <= time ? machine.holds.dueAt(time, holdLimits.expireLinesMax) : [];
    if (due.length === 0 && passedMs < holdLimits.tickMs) return;
    this.#underWay = true;
    store.propose(['expire', due]).then(
      (result) => {
        this.#underWay = false;
        // Many may be due at once. None is freed while the ledger is full (docs/STOCK.md, M4).
        const hasFreed = result.kind === 'expired' && result.holds.length > 0;
        if (hasFreed) clock.afterTurn(() => this.check());
        else if (due.length > 0) this.#restUntilMs = clock.nowMs() + holdLimits.fullRestMs;
      },
      (error: unknown) => {
        this.#underWay = false;
        logger.debug({ error: String(error) }, 'holds did not expire yet');
      },
    );
  }

  stop(): void {
    this.#timer.cancel();
  }
}
