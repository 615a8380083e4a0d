/**
 * The transactions of one leader in one epoch: at most one is under way, and what arrives meanwhile goes
 * into the next one (docs/SQL-ENGINE.md, S1, S3, S4). Each holds log entries, the tables' changes and the
 * confirmation for those that wait for one. Invariant: entries are reported as written in their order,
 * and none after an unknown commit.
 */
import { unreachable } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import { logLimits, protocolTimes } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type { TableChanges } from '../../database/rows.js';
import type { LogDatabase, LogEnd, WriteResult } from '../../database/types.js';
import type { SqlRules } from './sql-rules.js';

/** Without entries to write, the tables follow after this time. */
const tablesDelayMs = 50;
/** A write that changed nothing is repeated after this time, which doubles up to the maximum. */
const retryMs = 20;
const retryMaxMs = 500;
/** The lead ends if nothing was written for this time. */
const unansweredMs = protocolTimes.stepDownMs;

/** The tables behind the log, which follow the applied entries. */
export interface TableSource {
  /** The changes since the last ones that were written; undefined if there are none. */
  changes(): TableChanges | undefined;
  written(changes: TableChanges): void;
}

/** Why a lead ended. */
export type LeadEnd =
  | 'fenced'
  | 'unknown'
  /** The database has written nothing for a while. */
  | 'unanswered';

export interface LogWriterOptions {
  readonly database: LogDatabase;
  readonly clock: Clock;
  readonly rules: SqlRules;
  readonly epoch: number;
  /** The end of the log at the takeover. */
  readonly end: LogEnd;
  /** The session of the takeover, for the first write. */
  readonly session: number;
  readonly tables: TableSource | undefined;
  /** The log is committed through this entry. */
  readonly written: (end: LogEnd) => void;
  readonly ended: (why: LeadEnd, reason: string) => void;
  /** The tables refused their changes (S6). */
  readonly refused: (reason: string) => void;
}

export interface Confirmer {
  readonly resolve: () => void;
  readonly reject: (reason: string) => void;
}

/** What one transaction serves. */
interface Batch {
  readonly entries: readonly Entry[];
  readonly confirmers: Confirmer[];
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  #end: LogEnd;
  /** Set until the first write has succeeded. */
  #session: number | undefined;
  #queue: Entry[] = [];
  #confirmers: Confirmer[] = [];
  #isWriting = false;
  /** Those that the transaction under way confirms. */
  #underWay: Confirmer[] | undefined;
  #isStopped = false;
  #tables: TableSource | undefined;
  #tablesTimer: Timer | undefined;
  #tablesAreDue = false;
  #retryMs = retryMs;
  /** Since when a transaction is under way that the database has not answered. */
  #silentSinceMs: number | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#end = options.end;
    this.#session = options.session;
    this.#tables = options.tables;
  }

  /** How long the database has completed nothing although a transaction is under way. */
  silentMs(nowMs: number): number {
    return this.#silentSinceMs === undefined ? 0 : Math.max(0, nowMs - this.#silentSinceMs);
  }

  append(entry: Entry): void {
    this.#queue.push(entry);
  }

  /** Confirms the lead with a transaction that begins after this call (S3). */
  confirm(confirmer: Confirmer): void {
    // The seeded bug: a transaction that began before the request.
    const late = this.#options.rules.confirmedAfter ? undefined : this.#underWay;
    if (this.#isStopped) confirmer.reject('this replica does not lead');
    else if (this.#confirmers.length >= logLimits.readsMax) confirmer.reject('too many reads wait');
    else (late ?? this.#confirmers).push(confirmer);
  }

  /** Applied entries have changed the tables' state. */
  tablesChanged(): void {
    if (this.#tables === undefined || this.#tablesTimer !== undefined) return;
    this.#tablesTimer = this.#options.clock.after(tablesDelayMs, () => {
      this.#tablesTimer = undefined;
      this.#tablesAreDue = true;
      this.pump();
    });
  }

  /** A read waits for the tables: they follow at once, or with the next transaction. */
  flushTables(): void {
    this.#tablesAreDue = true;
    this.pump();
  }

  /** Writes what waits, unless a transaction is under way. */
  pump(): void {
    if (this.#isWriting || this.#isStopped) return;
    const batch: Batch = { entries: this.#take(), confirmers: this.#confirmers };
    this.#confirmers = [];
    const isEmpty = batch.entries.length === 0 && batch.confirmers.length === 0;
    if (isEmpty && !this.#tablesAreDue) return;
    const changes = this.#tables?.changes();
    this.#tablesAreDue = false;
    if (isEmpty && changes === undefined) return;
    this.#write(batch, changes);
  }

  /** Ends the lead: rejects those that wait. The caller settles the proposals. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#tablesTimer?.cancel();
    this.#queue = [];
    for (const { reject } of this.#confirmers.splice(0)) reject('this replica does not lead');
  }

  #take(): Entry[] {
    const { appendEntriesMax, appendBytesMax } = logLimits;
    let [count, bytes] = [0, 0];
    for (const { command } of this.#queue) {
      bytes += command.length;
      if (count === appendEntriesMax || (count > 0 && bytes > appendBytesMax)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #write(batch: Batch, changes: TableChanges | undefined): void {
    const { database, clock, epoch } = this.#options;
    const { entries } = batch;
    this.#isWriting = true;
    this.#underWay = batch.confirmers;
    this.#silentSinceMs ??= clock.nowMs();
    const write = { epoch, end: this.#end, entries, changes, session: this.#session };
    database.write(write).then(
      (result) => {
        this.#isWriting = false;
        this.#underWay = undefined;
        this.#settle(batch, changes, result);
      },
      (error: unknown) => this.#lost(batch, 'unknown', String(error)),
    );
  }

  #settle(batch: Batch, changes: TableChanges | undefined, result: WriteResult): void {
    switch (result.kind) {
      case 'written':
        this.#written(batch, changes);
        break;
      case 'not_written':
        // The log may have been read from a primary that is cut off, so it is read again.
        if (this.#session !== undefined) this.#lost(batch, 'unknown', result.reason);
        else if (this.silentMs(this.#options.clock.nowMs()) >= unansweredMs) {
          this.#lost(batch, 'unanswered', result.reason);
        } else this.#writeLater(batch);
        break;
      case 'refused':
        this.#tables = undefined;
        if (!this.#isStopped) this.#options.refused(result.reason);
        this.#writeAgain(batch);
        break;
      case 'fenced':
        this.#lost(batch, 'fenced', 'another leader has a newer epoch');
        break;
      case 'unknown':
        this.#unknown(batch, changes, result.reason);
        break;
      default:
        unreachable(result);
    }
  }

  #written({ entries, confirmers }: Batch, changes: TableChanges | undefined): void {
    this.#silentSinceMs = undefined;
    this.#retryMs = retryMs;
    this.#session = undefined;
    if (changes) this.#tables?.written(changes);
    this.#end = entries.at(-1) ?? this.#end;
    // A transaction that has committed was in the own epoch, whatever has happened since.
    for (const { resolve } of confirmers) resolve();
    if (!this.#isStopped && entries.length > 0) this.#options.written(this.#end);
    this.pump();
  }

  #unknown(batch: Batch, changes: TableChanges | undefined, reason: string): void {
    // The seeded bug.
    if (!this.#options.rules.unknownEndsLead) this.#written(batch, changes);
    else this.#lost(batch, 'unknown', reason);
  }

  #lost({ confirmers }: Batch, why: LeadEnd, reason: string): void {
    for (const { reject } of confirmers) reject(reason);
    if (this.#isStopped) return;
    this.stop();
    this.#options.ended(why, reason);
  }

  #writeLater(batch: Batch): void {
    const { clock } = this.#options;
    const delayMs = this.#retryMs;
    this.#retryMs = Math.min(2 * delayMs, retryMaxMs);
    this.#isWriting = true;
    clock.after(delayMs, () => {
      this.#isWriting = false;
      this.#writeAgain(batch);
    });
  }

  #writeAgain(batch: Batch): void {
    if (this.#isStopped) this.#lost(batch, 'fenced', 'this replica does not lead');
    else {
      const confirmers = [...batch.confirmers, ...this.#confirmers.splice(0)];
      this.#write({ entries: batch.entries, confirmers }, this.#tables?.changes());
    }
  }
}
