/**
 * Keeps one session and runs statements on it, one at a time, in the order of the calls. Connects when a
 * call needs it, with growing waits between attempts. Invariant: a session whose state is uncertain is
 * dropped before the next statement.
 */
import { type Clock, countdown, sleep } from '../base/clock.js';
import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import { type DatabaseSettings, describeDatabase } from './connection-url.js';
import {
  adviseFailure,
  describeFailure,
  endsSession,
  isSettingsFailure,
  isUncertain,
} from './failures.js';
import { openSession, type QueryAnswer, type Session, type Statement } from './session.js';
import { checkSchema, checkStore, readSchemaState } from './store-schema.js';

export interface DatabaseOptions {
  readonly settings: DatabaseSettings;
  /** Name of the store's schema. */
  readonly schema: string;
  /** Refuses the schema of another store; undefined: any store. */
  readonly clusterId: string | undefined;
  /** Also uses tables on which work is not finished. */
  readonly allowsUnfinished?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Attempt =
  | { readonly kind: 'open'; readonly session: Session }
  /** `isFinal`: another attempt at once would fail the same way. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isFinal: boolean };

export class SessionKeeper {
  readonly #options: DatabaseOptions;
  #session: Session | undefined;
  /** Counts the sessions. */
  #number = 0;
  /** Settles when the calls before are done. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #waitMs = 0;
  #isClosed = false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  /**
   * Answers as the session does. Rejects with `unavailable`, before the statement was sent, if there is
   * no session in time, or if the session is another one than the wanted one.
   */
  run<Row>(statement: Statement, wanted?: number): Promise<QueryAnswer<Row>> {
    if (this.#waiting >= databaseLimits.callsMax) {
      const message = 'too many calls wait for the database';
      return Promise.reject(new BazarError('overloaded', message));
    }
    this.#waiting++;
    const left = countdown(this.#options.clock, databaseLimits.callTimeoutMs);
    const run = this.#last.then(() => this.#runNow<Row>(statement, left, wanted));
    this.#last = run.catch(() => {});
    return run.finally(() => {
      this.#waiting--;
    });
  }

  /** Number of the session that ran the last statement; 0 before the first. */
  get number(): number {
    return this.#number;
  }

  /** Ends a statement that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#waiting > 0) this.#session?.drop();
    else await this.#session?.close();
    await this.#last;
    this.#session?.drop();
    this.#session = undefined;
  }

  async #runNow<Row>(
    statement: Statement,
    left: () => number,
    wanted?: number,
  ): Promise<QueryAnswer<Row>> {
    const isWanted = wanted === undefined || (wanted === this.#number && this.#session?.isOpen);
    if (!isWanted) throw new BazarError('unavailable', 'the session of the takeover is lost');
    const session = await this.#connected(left);
    const answer = await session.query<Row>(statement, Math.max(left(), 1));
    const isLost =
      answer.kind === 'rows'
        ? answer.warning !== undefined
        : endsSession(answer.failure) || isUncertain(answer.failure);
    if (isLost) this.#drop(answer);
    return answer;
  }

  #drop(answer: QueryAnswer<unknown>): void {
    const reason =
      answer.kind === 'rows' ? `warning: ${answer.warning}` : describeFailure(answer.failure);
    this.#options.logger.warn({ reason }, 'the database session is dropped');
    this.#session?.drop();
    this.#session = undefined;
  }

  async #connected(left: () => number): Promise<Session> {
    const { clock, logger, settings } = this.#options;
    const database = describeDatabase(settings);
    let reason = 'no time was left to connect';
    while (!this.#isClosed && left() > 0) {
      if (this.#session?.isOpen) return this.#session;
      if (this.#waitMs > 0) await sleep(clock, Math.min(this.#waitMs, Math.max(left(), 0)));
      const attempt = await this.#attempt();
      if (attempt.kind === 'open') {
        this.#waitMs = 0;
        this.#session = attempt.session;
        this.#number++;
        if (!this.#isClosed) logger.info({ database }, 'connected to the database');
        continue;
      }
      reason = attempt.reason;
      const { reconnectMinMs, reconnectMaxMs } = databaseLimits;
      this.#waitMs = Math.min(Math.max(this.#waitMs * 2, reconnectMinMs), reconnectMaxMs);
      if (attempt.isFinal) break;
    }
    if (this.#isClosed) reason = 'the connection is closed';
    throw new BazarError('unavailable', `cannot use ${database}: ${reason}`);
  }

  async #attempt(): Promise<Attempt> {
    const { schema, clusterId, allowsUnfinished } = this.#options;
    const check = allowsUnfinished ? checkStore : checkSchema;
    const opened = await openSession(this.#options);
    if (opened.kind === 'failed') {
      const isFinal = isSettingsFailure(opened.failure);
      return { kind: 'failed', reason: adviseFailure(opened.failure), isFinal };
    }
    try {
      check(await readSchemaState(opened.session, schema), schema, clusterId);
      return opened;
    } catch (error) {
      opened.session.drop();
      if (!(error instanceof BazarError)) throw error;
      return { kind: 'failed', reason: error.message, isFinal: error.code === 'conflict' };
    }
  }
}
