/**
 * Checks an administrator's token, in constant time, and limits how many wrong ones an address may
 * send. The right token is always accepted: behind a proxy all clients have one address, and a
 * stranger must not lock the administrator out. It knows neither HTTP nor the raw protocol.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { tokenLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import { networkOf } from '../base/network-of.js';
import { RateLimit, rateLimitMemory } from './rate-limit.js';

/** The log says so seldom that a storm is going on. */
const logEveryMs = 60_000;

export interface TokenCheckOptions {
  readonly adminToken: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The counts that the threads of a process share; undefined: counts of its own. */
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

  /** False where the token is wrong; throws `overloaded` where too many wrong ones came from there. */
  isRight(token: string, remote: string): boolean {
    // Digests have one length, so the comparison tells nothing about the token. One that is not
    // configured matches none, for a given token is never empty.
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
