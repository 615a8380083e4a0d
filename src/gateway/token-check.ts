/**
 * Checks an administrator's token in constant time, and limits the wrong tokens from one address.
 * The right token is always accepted: behind a proxy all clients have one address, and a stranger
 * must not lock the administrator out. Does not depend on HTTP or the raw protocol.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { tokenLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import { networkOf } from '../base/network-of.js';
import { RateLimit, rateLimitMemory } from './rate-limit.js';

/** Minimum interval of log lines about wrong tokens. */
const logEveryMs = 60_000;

export interface TokenCheckOptions {
  readonly adminToken: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The counts that the threads of a process share; undefined for own counts. */
  readonly memory?: SharedArrayBuffer | undefined;
}

export class TokenCheck {
  readonly #expected: Buffer;
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor({ adminToken, clock, logger, memory = rateLimitMemory(0) }: TokenCheckOptions) {
    this.#expected = digest(adminToken);
    this.#limit = new RateLimit(memory, tokenLimits.wrongMax, tokenLimits.windowMs);
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Returns false for a wrong token; throws `overloaded` after too many wrong ones from the
   * address.
   */
  isRight(token: string, remote: string): boolean {
    // Digests have equal length, so the comparison reveals nothing about the token. A missing
    // configured token matches none, because a given token is never empty.
    if (token !== '' && timingSafeEqual(digest(token), this.#expected)) return true;
    const nowMs = this.#clock.nowMs();
    const network = networkOf(remote);
    const waitMs = this.#limit.take(this.#limit.slotOf(network), nowMs);
    if (waitMs === 0) return false;
    if (nowMs - this.#loggedMs >= logEveryMs) {
      this.#loggedMs = nowMs;
      this.#logger.warn({ from: network }, 'too many wrong admin tokens come from one address');
    }
    const details = { retry_after_ms: waitMs };
    throw new BazarError('overloaded', 'too many wrong tokens from this address', { details });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
