/**
 * A frontend's cache in the model: it holds one lease and the values that came with it. Invariant: it
 * answers only within its lease, which counts from the moment the request was sent (docs/PROTOCOL.md, R8).
 */
import type { Clock } from '../../src/base/clock.js';
import type { Random } from '../../src/base/random.js';
import type { CacheGrant, Values } from './lease-book.js';

/** More often than in production, because each answer also brings the values. */
const renewMs = 15;
const retryMs = 10;

export interface LeaseHolderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly leaseMs: number;
  /** Another replica that may lead. */
  readonly pick: () => string;
  /** Rejects if no answer comes in time. */
  readonly renew: (leader: string, session: number | undefined) => Promise<CacheGrant>;
}

export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  #leader: string | undefined;
  #session: number | undefined;
  #values: Values | undefined;
  #seq = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  /** Values before this entry are not kept: an answer may be older than an invalidation. */
  #least = 0;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
    this.#renew();
  }

  /** What the cache answers; undefined without a lease. */
  cached(): Values | undefined {
    return this.#options.clock.nowMs() < this.#untilMs ? this.#values : undefined;
  }

  invalidate(seq: number): void {
    this.#least = Math.max(this.#least, seq);
    if (this.#seq < seq) this.#values = undefined;
  }

  #renew(): void {
    const { clock, random, leaseMs, pick, renew } = this.#options;
    if (this.#leader === undefined) {
      // A new leader takes a request of this process as its word that it uses no older lease.
      this.#leader = pick();
      this.#session = undefined;
      this.#values = undefined;
      this.#untilMs = Number.NEGATIVE_INFINITY;
    }
    const sentMs = clock.nowMs();
    renew(this.#leader, this.#session).then(
      ({ session, seq, values }) => {
        this.#session = session;
        this.#seq = seq;
        this.#values = seq >= this.#least ? values : undefined;
        this.#untilMs = sentMs + leaseMs;
        clock.after(Math.min(renewMs, leaseMs / 4), () => this.#renew());
      },
      () => {
        this.#leader = undefined;
        // It may go on with its lease, and look for another leader then.
        const leftMs = random.integer(2) === 0 ? this.#untilMs - clock.nowMs() : 0;
        clock.after(Math.max(retryMs, leftMs), () => this.#renew());
      },
    );
  }
}
