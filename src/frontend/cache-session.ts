/**
 * The frontend's session with the catalog leader: while it lasts, threads may cache, and every
 * invalidation reaches the shared stamps before it is acknowledged (docs/PROTOCOL.md, R8).
 * Invariant: without a session the generation is even and nothing is served from a cache.
 */

import { clientLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { InvalidateParams, SessionAnswer } from '../wire/internal.js';
import type { Stamps } from './stamps.js';
import type { ReplicaLine } from './watch.js';

export class CacheSession {
  readonly #stamps: Stamps;
  readonly #logger: Logger;
  #line: ReplicaLine | undefined;
  #state: 'none' | 'beginning' | 'begun' = 'none';

  constructor(stamps: Stamps, logger: Logger) {
    this.#stamps = stamps;
    this.#logger = logger;
  }

  /** Called often with the line to the leader of the moment; begins a session where there is none. */
  follow(line: ReplicaLine | undefined): void {
    if (line !== this.#line) {
      this.#end();
      this.#line = line;
    }
    if (line === undefined || this.#state !== 'none') return;
    this.#state = 'beginning';
    line.call('begin_session', [], clientLimits.requestTimeoutMs).then(
      (answer) => {
        if (this.#line !== line || this.#state !== 'beginning') return;
        const [logEnd, epoch] = answer as SessionAnswer;
        this.#state = 'begun';
        this.#stamps.beginSession(logEnd, epoch);
        this.#logger.info({ leader: line.name, logEnd, epoch }, 'cache session');
      },
      (error: unknown) => {
        if (this.#line !== line || this.#state !== 'beginning') return;
        this.#state = 'none';
        this.#logger.debug({ leader: line.name, error: String(error) }, 'no cache session');
      },
    );
  }

  /** The connection to a replica closed: what it would have invalidated is not known. */
  lost(name: string): void {
    if (this.#line?.name === name) this.#end();
  }

  /** An invalidation of a replica; when this returns, no thread serves the old records. */
  invalidate(name: string, params: InvalidateParams): void {
    if (this.#line?.name !== name) return;
    const [seq, ids, names, topics] = params;
    for (const id of ids) this.#stamps.invalidate(this.#stamps.idBucket(id), seq);
    for (const item of names) this.#stamps.invalidate(this.#stamps.nameBucket(item), seq);
    for (const topic of topics) this.#stamps.invalidate(this.#stamps.topicBucket(topic), seq);
  }

  #end(): void {
    this.#state = 'none';
    this.#stamps.endSession();
  }
}
