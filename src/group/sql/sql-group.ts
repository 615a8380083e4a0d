/**
 * A member of a group whose log is in a database (docs/SQL-ENGINE.md). It takes the same calls as the
 * host over journals. It sees the database, the other members and time only through ports. Invariants: an
 * entry is applied only when it is visible (R7), and only after a later transaction of the own epoch, or
 * of the leader that sent it, has committed (S4).
 */
import { assert, required } from '../../base/assert.js';
import { type Clock, every, type Timer } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { logLimits } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type { Entry, MemberId, StateMachine } from '../../consensus/types.js';
import type { LogDatabase, LogEnd } from '../../database/types.js';
import { Applier } from '../applier.js';
import { Intake } from '../intake.js';
import type { Applied, Group, GroupStatus } from '../types.js';
import { Waiters } from '../waiters.js';
import type { FollowAnswer, FollowParams } from './follow-messages.js';
import { FollowRequests } from './follow-requests.js';
import { Following, type LeaderLink } from './following.js';
import type { Lead } from './lead.js';
import { Leadership } from './leadership.js';
import type { TableSource } from './log-writer.js';
import { ReadPositions } from './read-positions.js';
import { RecentEntries } from './recent-entries.js';
import { allSqlRules, type SqlRules } from './sql-rules.js';

/** The tables, as the group uses them: they follow the applied entries on every replica. */
export interface GroupTables<Result> extends TableSource {
  applied(entry: Entry, result: Result): void;
  /**
   * This member takes the lead: reads where the tables are. Resolves to false if the state must be restored
   * from them.
   */
  takeOver?(): Promise<boolean>;
}

export interface SqlGroupOptions<Result> {
  readonly id: MemberId;
  /** All replicas of the group. */
  readonly members: readonly MemberId[];
  readonly incarnation: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: LogDatabase;
  readonly link: LeaderLink;
  readonly machine: StateMachine<Result>;
  /** The entry after which the machine was restored; zeros if it is new. */
  readonly base: LogEnd;
  /** True if entries wait for `openGates` (R8). */
  readonly gated: boolean;
  readonly tables?: GroupTables<Result> | undefined;
  /** Called with every applied entry, in order, before the proposer's promise resolves. */
  readonly applied?: ((entry: Entry, result: Result) => void) | undefined;
  /** Only for the simulator's seeded bugs. */
  readonly rules?: SqlRules | undefined;
}

const tickMs = 250;
/** The only member of a group tries again after this time to take the lead. */
const aloneRetryMs = 500;

export class SqlGroup<Result> implements Group<Result> {
  /** Resolves with the reason when this member cannot continue and the process must end. */
  readonly failed: Promise<Error>;
  readonly #options: SqlGroupOptions<Result>;
  readonly #log: RecentEntries;
  readonly #applier: Applier<Result>;
  readonly #following: Following;
  readonly #leadership: Leadership;
  readonly #requests: FollowRequests;
  readonly #positions: ReadPositions;
  readonly #waiters = new Waiters<Result>();
  readonly #intake: Intake<Result>;
  readonly #listeners: ((status: GroupStatus) => void)[] = [];
  #phase: 'new' | 'started' | 'stopped' = 'new';
  /** The newest epoch known. */
  #epoch: number;
  /** The entries through this one may be applied. */
  #visible: number;
  #reported: number;
  #wasServing = false;
  #timer: Timer | undefined;
  #fail: (error: Error) => void = () => {};

  constructor(options: SqlGroupOptions<Result>) {
    const { id, members, clock, logger, link, database, base, machine, gated, tables } = options;
    const { rules = allSqlRules } = options;
    this.#options = options;
    this.#epoch = base.epoch;
    this.#visible = base.seq;
    this.#reported = base.seq;
    const log = new RecentEntries(base);
    this.#log = log;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    const applied = (): number => this.#applier.applied;
    const failed = (reason: string): void => this.#end(reason);
    this.#intake = new Intake(clock, () => this.#carryOn(() => this.#drain()));
    this.#applier = new Applier({
      ...{ machine, applied: base.seq },
      entry: (seq) => log.entry(seq),
      read: (from) => Promise.reject(new Error(`entry ${from} is not in memory`)),
      done: (entry, result) => this.#applied(entry, result),
      resume: (action) => this.#carryOn(action),
      resumeLater: (action) => void clock.after(0, () => this.#carryOn(action)),
      failed: (error) => this.#end(error.message),
    });
    this.#following = new Following({
      ...{ id, members, clock, link, database, rules, log, applied, failed },
      visible: (through, epoch) => this.#mayApply(through, epoch),
      changed: () => this.#roleChanged(),
    });
    this.#leadership = new Leadership({
      ...{ id, clock, logger, database, rules, log, gated, tables, failed },
      takeOver: async () => (await tables?.takeOver?.()) ?? true,
      began: (lead) => {
        this.#epoch = lead.epoch;
        this.#roleChanged();
      },
      committed: (lead) => this.#advance(lead),
      ended: (hadLed, retakes) => this.#leadEnded(hadLed, retakes),
    });
    this.#requests = new FollowRequests({ clock, log, rules });
    this.#positions = new ReadPositions({ clock, link, rules, waiters: this.#waiters, applied });
  }

  /** Takes part in the group; the only member takes the lead. */
  start(): Promise<void> {
    assert(this.#phase === 'new', 'a member starts once');
    const { id, members, clock, link } = this.#options;
    this.#phase = 'started';
    link.start?.();
    this.#timer = every(clock, tickMs, () => this.#waiters.tick(clock.nowMs()));
    if (members.length === 1) this.nominate(id);
    else this.#following.start();
    return Promise.resolve();
  }

  /** Stops taking part; waiting requests are refused. The caller closes the database. */
  stop(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#timer?.cancel();
    this.#following.stop();
    this.#leadership.stop();
    const stopped = new BazarError('unavailable', 'this replica stops');
    this.#requests.fail(stopped);
    this.#waiters.close();
    const { proposals, readers, doubters } = this.#intake.take();
    for (const { reject } of [...proposals, ...readers, ...doubters]) reject(stopped);
  }

  propose(command: Uint8Array, appended?: (seq: number) => void): Promise<Applied<Result>> {
    if (command.length === 0 || command.length > logLimits.uncommittedBytesMax) {
      const code = command.length === 0 ? 'invalid_argument' : 'too_large';
      return Promise.reject(new BazarError(code, 'the command does not fit an entry'));
    }
    return new Promise((resolve, reject) => {
      if (this.#phase === 'started') this.#intake.propose({ command, appended, resolve, reject });
      else reject(this.#notLeading());
    });
  }

  readBarrier(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#phase === 'started') this.#intake.read({ resolve, reject });
      else reject(this.#notLeading());
    });
  }

  confirmLead(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#phase === 'started') this.#intake.confirm({ resolve, reject });
      else reject(this.#notLeading());
    });
  }

  get electedMs(): number | undefined {
    return this.#leadership.lead?.electedMs;
  }

  async eachUnapplied(visit: (entry: Entry) => void): Promise<void> {
    const through = this.#log.last.seq;
    for (let seq = this.#applier.applied + 1; seq <= through; seq++) {
      // The log forgets only what is applied.
      visit(required(this.#log.entry(seq), `entry ${seq}`));
    }
  }

  openGates(throughSeq: number): void {
    const { lead } = this.#leadership;
    if (!lead) return;
    lead.openGates(throughSeq);
    this.#advance(lead);
  }

  /** Followers learn at once what is visible, so there is nothing to do. */
  announceVisible(): void {}

  /** At the leader: brings the tables to the applied entries at once. */
  flushTables(): void {
    this.#leadership.lead?.writer?.flushTables();
  }

  nominate(leader: MemberId): void {
    if (leader !== this.#options.id) {
      this.#following.hint(leader);
      return;
    }
    // A frontend with a bad connection must not depose a leader that serves (R1).
    const isDue = this.#leadership.isFollower && !this.#following.isServed;
    if (this.#phase !== 'started' || !isDue) return;
    this.#following.stop();
    void this.#leadership.take();
  }

  /** A frontend has checked this member and has received the answer to its last check (A39). */
  attended(): void {
    this.#requests.attended();
  }

  /** A follower asks for the entries after its last one. */
  follow(params: FollowParams): Promise<FollowAnswer> {
    const { lead } = this.#leadership;
    if (lead === undefined) return Promise.reject(this.#notLeading());
    return this.#requests.add(params, lead);
  }

  /** A follower asks for a read position. */
  position(): Promise<number> {
    if (this.#leadership.lead === undefined) return Promise.reject(this.#notLeading());
    return this.readBarrier();
  }

  status(): GroupStatus {
    const { id, clock, incarnation } = this.#options;
    const { lead } = this.#leadership;
    const nowMs = clock.nowMs();
    const { seq, epoch } = this.#log.last;
    return {
      id,
      role: lead ? 'leader' : 'follower',
      serving: lead !== undefined && this.#applier.applied >= lead.opening,
      epoch: this.#epoch,
      leader: lead ? id : this.#following.leader,
      logEnd: { epoch, seq },
      commit: lead ? lead.commit : this.#visible,
      applied: this.#applier.applied,
      oldestUncommittedMs: lead?.oldestUncommittedMs(nowMs) ?? 0,
      diskSilentMs: lead?.writer?.silentMs(nowMs) ?? 0,
      incarnation,
      candidacy: this.#leadership.candidacy(nowMs),
    };
  }

  onRole(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  #advance(lead: Lead): void {
    this.#mayApply(lead.visible, lead.epoch);
    this.#requests.wake();
  }

  #leadEnded(hadLed: boolean, retakes: boolean): void {
    this.#waiters.leadLost();
    this.#requests.fail(this.#notLeading());
    if (this.#phase !== 'started') return;
    if (hadLed) this.#roleChanged();
    if (retakes) return;
    const { id, clock, members } = this.#options;
    if (members.length > 1) this.#following.start();
    else void clock.after(aloneRetryMs, () => this.nominate(id));
  }

  /** Processes all requests of one turn of the event loop. */
  #drain(): void {
    const nowMs = this.#options.clock.nowMs();
    const { proposals, readers, doubters } = this.#intake.take();
    const { lead } = this.#leadership;
    for (const proposal of proposals) {
      if (lead === undefined) proposal.reject(this.#notLeading());
      else if (!lead.hasRoom(proposal.command)) {
        proposal.reject(new BazarError('overloaded', 'too many entries wait for their commit'));
      } else {
        const seq = this.#leadership.append(lead, proposal.command, nowMs);
        this.#waiters.appended(seq, proposal);
        proposal.appended?.(seq);
      }
    }
    if (readers.length > 0) this.#positions.read(readers, lead, this.#following.leader);
    if (doubters.length > 0) this.#positions.confirm(doubters, lead);
    lead?.writer?.pump();
  }

  #mayApply(through: number, epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#visible = Math.max(this.#visible, through);
    this.#carryOn(() => this.#applier.advance(this.#visible));
  }

  #applied(entry: Entry, result: Result): void {
    const { tables, applied } = this.#options;
    tables?.applied(entry, result);
    applied?.(entry, result);
    this.#waiters.applied(entry.seq, result);
  }

  /** Runs a step that may apply entries, and reports what came of it. */
  #carryOn(step: () => void): void {
    if (this.#phase !== 'started') return;
    try {
      step();
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
      return;
    }
    const { applied } = this.#applier;
    if (applied > this.#reported) {
      this.#reported = applied;
      this.#waiters.reached(applied);
      this.#leadership.lead?.writer?.tablesChanged();
      this.#log.trim(applied);
    }
    if (this.status().serving !== this.#wasServing) this.#roleChanged();
  }

  #roleChanged(): void {
    const status = this.status();
    this.#wasServing = status.serving;
    for (const tell of this.#listeners) tell(status);
  }

  #notLeading(): BazarError {
    const { leader } = this.#following;
    const details = leader === undefined ? {} : { leader };
    return new BazarError('unavailable', 'this replica does not lead', { details });
  }

  #end(reason: string): void {
    if (this.#phase === 'stopped') return;
    this.#options.logger.error({ error: reason }, 'replica failed, stopping');
    this.stop();
    this.#fail(new Error(reason));
  }
}
