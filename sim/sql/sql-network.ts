/**
 * The messages between replicas and frontends in the model: they take a while, and a cut loses them. The
 * cut of a replica is between replicas only: its frontends still reach it.
 */
import type { Clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import type { Random } from '../../src/base/random.js';
import type { LeaderLink } from '../../src/group/sql/following.js';
import type { CacheGrant } from './lease-book.js';
import type { LeaseHolder } from './lease-holder.js';
import type { SqlReplica } from './sql-replica.js';

const renewTimeoutMs = 1_600;

export interface SqlNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly replicas: ReadonlyMap<string, SqlReplica>;
  readonly holders: ReadonlyMap<string, LeaseHolder>;
}

export class SqlNetwork {
  /** Replicas and frontends that are cut off. */
  readonly cut = new Set<string>();
  readonly #options: SqlNetworkOptions;

  constructor(options: SqlNetworkOptions) {
    this.#options = options;
  }

  linkOf(from: string): LeaderLink {
    return {
      follow: (to, params, timeoutMs) =>
        this.#call(from, to, timeoutMs, ({ group }) => group.follow(params)),
      position: (to, timeoutMs) => this.#call(from, to, timeoutMs, ({ group }) => group.position()),
    };
  }

  renew(holder: string, leader: string, session: number | undefined): Promise<CacheGrant> {
    return this.#call(holder, leader, renewTimeoutMs, (it) => it.renew(holder, session));
  }

  /** Resolves with the holder's acknowledgement, if it arrives. */
  async invalidate(from: string, holder: string, seq: number): Promise<void> {
    const lost = new Promise<void>(() => {});
    await this.#delay();
    if (this.cut.has(holder)) return lost;
    this.#options.holders.get(holder)?.invalidate(seq);
    await this.#delay();
    if (this.cut.has(holder) || !this.#options.replicas.get(from)?.isUp) return lost;
  }

  async #call<T>(
    from: string,
    to: string,
    timeoutMs: number,
    ask: (replica: SqlReplica) => Promise<T>,
  ): Promise<T> {
    const late = this.#wait(timeoutMs).then((): T => {
      throw new BazarError('unavailable', `${to} does not answer`);
    });
    const answer = async (): Promise<T> => {
      await this.#delay();
      const replica = this.#options.replicas.get(to);
      if (!replica?.isUp || this.#isCut(from, to)) return late;
      const result = await ask(replica);
      await this.#delay();
      return this.#isCut(from, to) ? late : result;
    };
    return Promise.race([answer(), late]);
  }

  #isCut(from: string, to: string): boolean {
    return this.cut.has(from) || (!this.#options.holders.has(from) && this.cut.has(to));
  }

  #delay(): Promise<void> {
    return this.#wait(0.1 + this.#options.random.fraction());
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(ms, resolve));
  }
}
