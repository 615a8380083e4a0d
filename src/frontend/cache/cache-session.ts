/**
 * The frontend's cache session with the catalog leader (docs/PROTOCOL.md, R8). While its lease is
 * valid, threads may serve from their caches, and every invalidation reaches the shared
 * invalidation versions before it is acknowledged. Invariant: before the frontend asks for a
 * session, it serves nothing of an earlier one; and a lease counts from the moment of its request
 * (A16).
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import { toBazarError } from '../../base/errors.js';
import { leaseLimits } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type {
  EndSessionParams,
  InvalidateParams,
  ProductRecord,
  RecordsParams,
  RenewParams,
  SessionAnswer,
  SessionParams,
} from '../../wire/internal.js';
import type { ReplicaClient } from '../replica-client.js';
import { type InvalidationVersions, leaseFromNow } from './invalidation-versions.js';

/** Takes the records that the leader pushes, in order with the invalidations. */
export interface PushedRecords {
  /** The records are the newest at `seq`, in the current session. */
  pushed(seq: number, records: readonly ProductRecord[]): void;
}

export interface CacheSessionOptions {
  readonly versions: InvalidationVersions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly frontend: string;
  /** Id of this process. Another process has another session. */
  readonly process: string;
  readonly pushed: PushedRecords;
}

interface Begun {
  readonly replica: ReplicaClient;
  readonly sessionNumber: number;
  renewing: boolean;
}

/**
 * Timeout of a first session, in leases: it waits for its registration, which waits for older
 * leases.
 */
const beginLeases = 3;
/** Timeout of the message that ends the session. A leader that gets it does not wait for the lease. */
const farewellMaxMs = 300;

export class CacheSession {
  readonly #options: CacheSessionOptions;
  readonly #versions: InvalidationVersions;
  #replica: ReplicaClient | undefined;
  /**
   * The highest epoch of a leader followed so far. A leader of a lower epoch grants nothing (A14).
   */
  #epoch = 0;
  /** Number of session attempts. A new attempt invalidates the answers to all earlier ones. */
  #attempt = 0;
  #beginning = false;
  #begun: Begun | undefined;
  #timer: Timer | undefined;

  constructor(options: CacheSessionOptions) {
    this.#options = options;
    this.#versions = options.versions;
  }

  /** Starts the timer that renews leases. */
  start(): void {
    this.#timer = every(this.#options.clock, leaseLimits.renewEveryMs, () => this.#renew());
  }

  /** Ends serving from the caches. Resolves when the leader knows, or after a short wait. */
  async stop(): Promise<void> {
    const begun = this.#begun;
    this.#timer?.cancel();
    this.#end('the frontend stops');
    this.#beginning = true;
    if (!begun?.replica.connected) return;
    this.#attempt += 1;
    const params: EndSessionParams = [this.#options.process, this.#attempt];
    await begun.replica.call('end_session', params, farewellMaxMs).catch(() => {});
  }

  /**
   * Called often, with the client of the leader of `epoch`, serving or not. Without a known leader
   * the session continues until its lease expires.
   */
  follow(replica: ReplicaClient | undefined, epoch: number): void {
    if (replica === undefined || epoch < this.#epoch) return;
    if (replica !== this.#replica || epoch !== this.#epoch) {
      this.#end('another leader');
      this.#replica = replica;
      this.#epoch = epoch;
    }
    if (this.#begun || this.#beginning || !replica.connected) return;
    this.#begin(replica);
  }

  /** The connection to a replica closed: its invalidations may be missing. */
  lost(name: string): void {
    if (this.#replica?.name === name) this.#end('the connection closed');
  }

  /** Applies an invalidation of a replica. When this returns, no thread serves the old records. */
  invalidate(name: string, params: InvalidateParams): void {
    if (this.#replica?.name !== name) return;
    const [seq, ids, names, topics] = params;
    const versions = this.#versions;
    for (const id of ids) versions.invalidate(versions.idBucket(id), seq);
    for (const item of names) versions.invalidate(versions.nameBucket(item), seq);
    for (const topic of topics) versions.invalidate(versions.topicBucket(topic), seq);
  }

  /** Takes pushed records, in order with the invalidations of the same replica. */
  records(name: string, [seq, records]: RecordsParams): void {
    if (this.#begun?.replica.name === name) this.#options.pushed.pushed(seq, records);
  }

  #begin(replica: ReplicaClient): void {
    const { frontend, process, clock, logger } = this.#options;
    this.#beginning = true;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const lease = leaseFromNow(clock, leaseLimits.leaseMs);
    const params: SessionParams = [frontend, process, attempt, this.#epoch];
    replica.call('begin_session', params, beginLeases * leaseLimits.leaseMs).then(
      (answer) => {
        if (attempt !== this.#attempt) return;
        const [logEnd, epoch, sessionNumber] = answer as SessionAnswer;
        this.#beginning = false;
        this.#begun = { replica, sessionNumber, renewing: false };
        this.#versions.beginSession(logEnd, epoch, lease);
        logger.info(
          { leader: replica.name, epoch, generation: sessionNumber, logEnd },
          'cache session begun',
        );
        if (!this.#versions.isLeased) this.#renew();
      },
      (error: unknown) => {
        if (attempt !== this.#attempt) return;
        this.#beginning = false;
        logger.debug({ leader: replica.name, error: String(error) }, 'no cache session');
      },
    );
  }

  #renew(): void {
    const begun = this.#begun;
    if (!begun || begun.renewing) return;
    const { process, clock, logger } = this.#options;
    begun.renewing = true;
    const lease = leaseFromNow(clock, leaseLimits.leaseMs);
    const params: RenewParams = [process, begun.sessionNumber];
    begun.replica.call('renew_lease', params, leaseLimits.leaseMs).then(
      () => {
        if (begun !== this.#begun) return;
        begun.renewing = false;
        if (!this.#versions.isLeased)
          logger.info({ leader: begun.replica.name }, 'lease had run out');
        this.#versions.renew(lease);
      },
      (error: unknown) => {
        if (begun !== this.#begun) return;
        begun.renewing = false;
        if (toBazarError(error).code !== 'conflict') return;
        this.#end('the lease ran out');
        this.#begin(begun.replica);
      },
    );
  }

  /** Ends the session. From now on no cache serves anything, and late answers are ignored. */
  #end(reason: string): void {
    this.#attempt += 1;
    this.#beginning = false;
    const begun = this.#begun;
    this.#begun = undefined;
    this.#versions.endSession();
    if (begun)
      this.#options.logger.info({ leader: begun.replica.name, reason }, 'cache session over');
  }
}
