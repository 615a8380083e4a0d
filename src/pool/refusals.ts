/**
 * Counts the connections that a service closes at once because it has too many sessions, in total
 * or from one address, and logs them: at once, and then at most every ten seconds.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { RelayLimits } from './limits.js';

const logEveryMs = 10_000;

export interface RefusalsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RelayLimits;
}

export class Refusals {
  readonly #options: RefusalsOptions;
  #total = 0;
  #unlogged = 0;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  get total(): number {
    return this.#total;
  }

  /** `sessions` is the number of open sessions. */
  add(count: number, sessions: number): void {
    const { clock, logger, limits } = this.#options;
    this.#total += count;
    this.#unlogged += count;
    const nowMs = clock.nowMs();
    if (nowMs - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = nowMs;
    const { sessionsMax, addressSessionsMax } = limits;
    const fields = { refused: this.#unlogged, sessions, sessionsMax, addressSessionsMax };
    this.#unlogged = 0;
    logger.warn(fields, 'session limit reached: closing new connections');
  }
}
