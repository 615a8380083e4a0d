/**
 * A follower's side: one open request at the leader, which answers as soon as there are visible entries.
 * Without a leader it asks the members in turn. Invariant: entries go to the log in order, and those that
 * came from the database become visible only when the leader has them too (docs/SQL-ENGINE.md).
 */
import { type Clock, sleep } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { logLimits, protocolTimes } from '../../base/limits.js';
import type { Entry, MemberId } from '../../consensus/types.js';
import type { LogDatabase } from '../../database/types.js';
import { type FollowAnswer, type FollowParams, toEntry } from './follow-messages.js';
import type { RecentEntries } from './recent-entries.js';
import type { SqlRules } from './sql-rules.js';

/** The leader answers after this time without entries, so that the follower knows that it lives. */
export const followWaitMs = protocolTimes.stickMs;
/** Without an answer for this time the follower asks another member. */
const followTimeoutMs = protocolTimes.stepDownMs;
const retryMs = 50;

/** The requests to other members. They reject with `unavailable`; `details.leader` names who leads. */
export interface LeaderLink {
  /** Connects to the other members. */
  start?(): void;
  follow(member: MemberId, params: FollowParams, timeoutMs: number): Promise<FollowAnswer>;
  position(member: MemberId, timeoutMs: number): Promise<number>;
}

export interface FollowingOptions {
  readonly id: MemberId;
  readonly members: readonly MemberId[];
  readonly clock: Clock;
  readonly link: LeaderLink;
  readonly database: LogDatabase;
  readonly rules: SqlRules;
  readonly log: RecentEntries;
  readonly applied: () => number;
  /** The entries through this one may be applied. */
  readonly visible: (through: number, epoch: number) => void;
  /** The leader has changed, or is lost. */
  readonly changed: () => void;
  /** The log here cannot be continued. */
  readonly failed: (reason: string) => void;
}

export class Following {
  readonly #options: FollowingOptions;
  /** Counts starts, so that a late answer to an earlier start has no effect. */
  #run = 0;
  #isRunning = false;
  #leader: MemberId | undefined;
  #hint: MemberId | undefined;
  #turn = 0;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #isHealthy = false;

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** The member that answers as leader. */
  get leader(): MemberId | undefined {
    return this.#leader;
  }

  /** True if the leader answers in time, its database answers it, and a frontend checks it. */
  get isServed(): boolean {
    const { clock } = this.#options;
    return this.#isHealthy && clock.nowMs() - this.#answeredMs < 2 * followWaitMs;
  }

  /** Another member was nominated. */
  hint(leader: MemberId): void {
    this.#hint = leader;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run++;
    void this.#follow(this.#run);
  }

  stop(): void {
    this.#isRunning = false;
    this.#run++;
    this.#leader = undefined;
    this.#isHealthy = false;
  }

  async #follow(run: number): Promise<void> {
    const { clock, link, log } = this.#options;
    while (run === this.#run) {
      const member = this.#next();
      if (member === undefined) return;
      try {
        const { seq, epoch } = log.last;
        const answer = await link.follow(member, [seq, epoch], followTimeoutMs);
        if (run !== this.#run) return;
        await this.#take(run, member, answer);
      } catch (error) {
        if (run !== this.#run) return;
        this.#lost(member, error);
        await sleep(clock, retryMs);
      }
    }
  }

  #next(): MemberId | undefined {
    const { id, members } = this.#options;
    if (this.#leader !== undefined) return this.#leader;
    const hint = this.#hint;
    this.#hint = undefined;
    if (hint !== undefined && hint !== id && members.includes(hint)) return hint;
    const others = members.filter((member) => member !== id);
    return others[this.#turn++ % others.length];
  }

  async #take(run: number, member: MemberId, answer: FollowAnswer): Promise<void> {
    const { clock, log, failed } = this.#options;
    if (answer[0] === 'diverged') {
      failed('its log differs from that of the leader');
      return;
    }
    const [kind, epoch, position, healthy] = answer;
    this.#answeredMs = clock.nowMs();
    this.#isHealthy = healthy;
    if (this.#leader !== member) {
      this.#leader = member;
      this.#options.changed();
    }
    if (kind === 'in_database') {
      await this.#read(run, position);
      return;
    }
    for (const fields of answer[4]) log.append(toEntry(fields));
    this.#options.visible(Math.min(position, log.last.seq), epoch);
    await this.#applied(run);
  }

  /**
   * Reads a part of what is missing; the next request shows whether the leader has it too. The last known
   * entry is read again, unless it was deleted: an earlier part may be of a primary that was cut off (S4).
   */
  async #read(run: number, through: number): Promise<void> {
    const { database, log, rules } = this.#options;
    const { seq, epoch } = log.last;
    const entries = await database.readEntries(Math.max(0, seq - 1), logLimits.journalReadBytesMax);
    if (run !== this.#run) return;
    const [first] = entries;
    const isKnown = first?.seq === seq;
    if (first !== undefined && (isKnown ? first.epoch !== epoch : first.seq !== seq + 1)) {
      this.#options.failed('the database does not continue its log');
      return;
    }
    for (const entry of isKnown ? entries.slice(1) : entries) {
      if (entry.seq > through || !follows(entry, log)) break;
      log.append(entry);
    }
    // A server that is cut off does not have them.
    if (log.last.seq === seq) throw new BazarError('unavailable', 'the database has no entries');
    if (!rules.readEntriesWait) this.#options.visible(log.last.seq, log.last.epoch);
    await this.#applied(run);
  }

  /** Waits while more entries are in memory than a follower should hold. */
  async #applied(run: number): Promise<void> {
    const { clock, log, applied } = this.#options;
    while (run === this.#run && log.last.seq - applied() > logLimits.tailEntriesKept) {
      const before = applied();
      await sleep(clock, 1);
      // Entries from the database wait for the leader's word, which the next request brings.
      if (applied() === before) return;
    }
  }

  #lost(member: MemberId, error: unknown): void {
    const had = this.#leader === member;
    this.#leader = undefined;
    this.#isHealthy = false;
    const leader = error instanceof BazarError ? error.details.leader : undefined;
    if (typeof leader === 'string' && leader !== member) this.#hint = leader;
    if (had) this.#options.changed();
  }
}

function follows(entry: Entry, log: RecentEntries): boolean {
  const { seq, epoch, time } = log.last;
  return entry.seq === seq + 1 && entry.epoch >= epoch && entry.time >= time;
}
