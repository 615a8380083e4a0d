/**
 * Takes, keeps and loses the lead of a group whose log is in a database (docs/SQL-ENGINE.md, S1, S2, S4).
 * Invariant: the entries before the opening entry are reported as committed only with it.
 */
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import type { FailedCandidacy, MemberId } from '../../consensus/types.js';
import type { LogDatabase, LogEnd, Lead as Taken } from '../../database/types.js';
import type { CandidacyStatus } from '../types.js';
import { candidacyStatus } from './candidacy-status.js';
import { Lead } from './lead.js';
import { LogWriter, type TableSource } from './log-writer.js';
import type { RecentEntries } from './recent-entries.js';
import type { SqlRules } from './sql-rules.js';
import { adoptLog } from './takeover.js';

export interface LeadershipOptions {
  readonly id: MemberId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: LogDatabase;
  readonly rules: SqlRules;
  readonly log: RecentEntries;
  readonly gated: boolean;
  readonly tables: TableSource | undefined;
  /** Prepares the tables. Resolves to false if the state must be restored from them. */
  readonly takeOver: () => Promise<boolean>;
  /** This member leads: its opening entry is committed. */
  readonly began: (lead: Lead) => void;
  /** More of the log is committed. */
  readonly committed: (lead: Lead) => void;
  /** The lead, or the attempt to take it, has ended. `retakes`: another attempt begins at once. */
  readonly ended: (hadLed: boolean, retakes: boolean) => void;
  /** The log here cannot be continued. */
  readonly failed: (reason: string) => void;
}

type Stage =
  | { readonly kind: 'follower' }
  /** A takeover is under way; the lead exists once it has committed. */
  | { readonly kind: 'candidate'; readonly sinceMs: number; readonly lead?: Lead }
  | { readonly kind: 'leader'; readonly lead: Lead };

const follower: Stage = { kind: 'follower' };

export class Leadership {
  readonly #options: LeadershipOptions;
  #stage: Stage = follower;
  #isStopped = false;
  /** Why the last attempt or lead ended; undefined since a lead has begun. */
  #failure: FailedCandidacy | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** The lead, once its opening entry is committed. */
  get lead(): Lead | undefined {
    return this.#stage.kind === 'leader' ? this.#stage.lead : undefined;
  }

  get isFollower(): boolean {
    return this.#stage.kind === 'follower';
  }

  candidacy(nowMs: number): CandidacyStatus {
    const stage = this.#stage;
    const sinceMs = stage.kind === 'candidate' ? stage.sinceMs : undefined;
    return candidacyStatus(sinceMs, this.#failure, nowMs);
  }

  /** S2: a new epoch, then the opening entry, which commits all that was read before it. */
  async take(): Promise<void> {
    const { id, clock, database, logger, log, gated, rules } = this.#options;
    const committed = log.last;
    const beganMs = clock.nowMs();
    const stage: Stage = { kind: 'candidate', sinceMs: beganMs };
    this.#stage = stage;
    const isOver = (): boolean => this.#stage !== stage || this.#isStopped;
    try {
      const lead = await database.takeLead(id);
      // Taken after the commit: every lease of the former leader was confirmed before it (A14).
      const electedMs = rules.electedAfterCommit ? clock.nowMs() : beganMs;
      if (isOver()) return;
      const taken = rules.missingRead ? lead : { ...lead, end: log.last };
      const hasLog = await adoptLog(log, database, taken, rules);
      const isSame = hasLog && (await this.#options.takeOver());
      if (isOver()) return;
      if (!isSame) this.#options.failed('its log differs from the log in the database');
      else if (taken.epoch <= taken.end.epoch) this.#options.failed('its epoch is not the newest');
      else this.#open(new Lead({ ...taken, electedMs, committed, gated }), taken);
    } catch (error) {
      if (isOver()) return;
      logger.warn({ error: String(error) }, 'could not take the lead');
      this.#giveUp(committed, false, false);
    }
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#stage.kind !== 'follower') this.#stage.lead?.writer?.stop();
    this.#stage = follower;
  }

  /** Appends a command in the own epoch and returns its seq; the caller pumps the writer. */
  append(lead: Lead, command: Uint8Array, nowMs: number): number {
    const entry = lead.newEntry(command, nowMs);
    this.#options.log.append(entry);
    lead.writer?.append(entry);
    return entry.seq;
  }

  #open(lead: Lead, { end, session }: Taken): void {
    const { database, clock, rules, tables, logger } = this.#options;
    const sinceMs = this.#stage.kind === 'candidate' ? this.#stage.sinceMs : clock.nowMs();
    this.#stage = { kind: 'candidate', sinceMs, lead };
    lead.writer = new LogWriter({
      ...{ database, clock, rules, epoch: lead.epoch, end, session, tables },
      written: (through) => this.#written(lead, through),
      ended: (why, reason) => {
        logger.warn({ reason, epoch: lead.epoch }, `the lead has ended: ${why}`);
        this.#ended(lead, why === 'unknown');
      },
      refused: (reason) =>
        logger.error({ reason }, 'the tables refused a row; only the log goes on'),
    });
    if (rules.openingEntry) {
      this.append(lead, new Uint8Array(0), clock.nowMs());
      lead.writer.pump();
    } else this.#written(lead, end);
  }

  #written(lead: Lead, end: LogEnd): void {
    lead.written(end);
    if (this.#stage.kind === 'candidate' && this.#stage.lead === lead) {
      this.#stage = { kind: 'leader', lead };
      this.#failure = undefined;
      this.#options.began(lead);
    }
    if (this.lead === lead) this.#options.committed(lead);
  }

  #ended(lead: Lead, isUnknown: boolean): void {
    if (this.#stage.kind === 'follower' || this.#stage.lead !== lead) return;
    const hadLed = this.#stage.kind === 'leader';
    // A takeover that fails again and again waits for its next nomination in between.
    const retakes = isUnknown && hadLed && !this.#isStopped;
    this.#giveUp(lead.committed, hadLed, retakes);
    // A new epoch shows what became of the last transaction (S4). A listener may have begun it.
    if (retakes && this.isFollower && !this.#isStopped) void this.take();
  }

  /** The entries after the committed ones may not stay in the log. */
  #giveUp(committed: LogEnd, hadLed: boolean, retakes: boolean): void {
    this.#options.log.cutAfter(committed);
    this.#failure = { reason: 'unconfirmed', atMs: this.#options.clock.nowMs() };
    this.#stage = follower;
    this.#options.ended(hadLed, retakes);
  }
}
