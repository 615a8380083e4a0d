/**
 * Read positions and confirmations of the lead (docs/SQL-ENGINE.md, S3). Invariant: a position is known
 * only after a transaction of the leader's epoch that began after the request has committed.
 */
import type { Clock } from '../../base/clock.js';
import type { MemberId } from '../../consensus/types.js';
import type { ReadWaiter, Waiters } from '../waiters.js';
import type { LeaderLink } from './following.js';
import type { Lead } from './lead.js';
import type { SqlRules } from './sql-rules.js';

const remoteTimeoutMs = 2_000;

export interface ReadPositionsOptions {
  readonly clock: Clock;
  readonly link: LeaderLink;
  readonly rules: SqlRules;
  readonly waiters: Pick<Waiters<unknown>, 'asked' | 'answered'>;
  readonly applied: () => number;
}

export class ReadPositions {
  readonly #options: ReadPositionsOptions;

  constructor(options: ReadPositionsOptions) {
    this.#options = options;
  }

  /** All reads of a turn. `leader`: the member that a follower asks. */
  read(readers: readonly ReadWaiter[], lead: Lead | undefined, leader: MemberId | undefined): void {
    const id = this.#options.waiters.asked(readers);
    if (lead !== undefined) {
      // A former leader may have shown everything before the opening entry.
      this.#confirm(id, lead, Math.max(lead.visible, lead.opening));
    } else if (leader === undefined) this.#answer(id, undefined);
    else this.#ask(id, leader);
  }

  /** All questions of a turn whether this replica still leads. */
  confirm(doubters: readonly ReadWaiter[], lead: Lead | undefined): void {
    const id = this.#options.waiters.asked(doubters);
    if (lead === undefined) this.#answer(id, undefined);
    else this.#confirm(id, lead, 0);
  }

  #ask(id: number, leader: MemberId): void {
    this.#options.link.position(leader, remoteTimeoutMs).then(
      (position) => this.#answer(id, position),
      () => this.#answer(id, undefined),
    );
  }

  #confirm(id: number, { writer }: Lead, position: number): void {
    if (writer === undefined) this.#answer(id, undefined);
    else if (!this.#options.rules.readsConfirmed) this.#answer(id, position);
    else {
      writer.confirm({
        resolve: () => this.#answer(id, position),
        reject: () => this.#answer(id, undefined),
      });
    }
  }

  #answer(id: number, position: number | undefined): void {
    const { waiters, clock, applied } = this.#options;
    waiters.answered(id, position, applied(), clock.nowMs());
  }
}
