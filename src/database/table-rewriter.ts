/**
 * Rewrites all tables of a schema on which no store runs, in pieces, each a transaction. Invariants: the
 * tables are marked as unfinished from before the first piece until `release`; every piece is written in
 * the epoch of `begin`, so it fails once another process has taken the lead.
 */
import { assert } from '../base/assert.js';
import { sleep } from '../base/clock.js';
import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import { describeFailure, isSettingsFailure, toUnavailable } from './failures.js';
import {
  beginStatement,
  finishStatement,
  putStatement,
  type RewriteRow,
  type RowPiece,
  releaseStatement,
  type Surplus,
  trimStatement,
} from './rewrite-statement.js';
import type { TableState } from './rows.js';
import type { QueryAnswer, Statement } from './session.js';
import { type DatabaseOptions, SessionKeeper } from './session-keeper.js';
import { factsText, isUnmoved, type StoreFacts } from './store-facts.js';
import { checkStore, readSchemaState, withSession } from './store-schema.js';
import type { LogEnd } from './types.js';

const noRights = '42501';
/** Wrong values and violated constraints: the same piece fails again. */
const refusedClasses: ReadonlySet<string> = new Set(['22', '23']);

interface BeginOptions {
  readonly leader: string;
  readonly mark: string;
  readonly epochMin: number;
}

export class TableRewriter {
  readonly #options: DatabaseOptions;
  readonly #keeper: SessionKeeper;
  #epoch = 0;

  private constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#keeper = new SessionKeeper(options);
  }

  /** Rejects with `conflict` if the schema is none of a store of this build. */
  static async open(options: DatabaseOptions): Promise<TableRewriter> {
    const { schema, clusterId } = options;
    await withSession(options, async (session) =>
      checkStore(await readSchemaState(session, schema), schema, clusterId),
    );
    return new TableRewriter({ ...options, allowsUnfinished: true });
  }

  async facts(): Promise<StoreFacts> {
    const answer = await this.#keeper.run<StoreFacts>({ text: factsText });
    if (answer.kind === 'failed') throw toUnavailable('cannot read the tables', answer.failure);
    const [facts] = answer.rows;
    assert(facts, 'the schema has a leader row for each group');
    return facts;
  }

  /**
   * Reads the facts, and rejects with `conflict` if a store runs: its order leader confirms its lead
   * several times while it is watched.
   */
  async stoppedFacts(): Promise<StoreFacts> {
    const before = await this.facts();
    await sleep(this.#options.clock, databaseLimits.watchMs);
    const facts = await this.facts();
    if (isUnmoved(before, facts)) return facts;
    throw conflict(`a store runs on schema ${JSON.stringify(this.#options.schema)}: stop it first`);
  }

  /**
   * Takes the lead from the process whose epoch and end of the log were read, and marks the tables. The
   * epoch is at least `epochMin`.
   */
  async begin(
    { epoch: from, seq }: StoreFacts,
    { leader, mark, epochMin }: BeginOptions,
  ): Promise<void> {
    const epoch = Math.max(from + 1, epochMin);
    const takeover = beginStatement({ from, seq, epoch, leader, mark });
    const answer = await this.#keeper.run<RewriteRow>(takeover);
    if (answer.kind === 'failed' || answer.warning !== undefined) throw this.#toError(answer);
    this.#check(answer.rows[0]);
    this.#epoch = epoch;
  }

  /** Returns how many rows changed. */
  put(piece: RowPiece): Promise<number> {
    return this.#write(putStatement(this.#epoch, piece));
  }

  /** Deletes all rows that should not exist. Returns how many there were. */
  async trim(surplus: Surplus): Promise<number> {
    let deleted = 0;
    for (;;) {
      const count = await this.#write(trimStatement(this.#epoch, surplus));
      if (count === 0) return deleted;
      deleted += count;
    }
  }

  /** Writes the applied row and the end of the log. The order group's epoch becomes at least this one. */
  async finish(state: TableState, end: LogEnd, orderEpoch: number): Promise<void> {
    await this.#write(finishStatement(this.#epoch, state, end, orderEpoch));
  }

  /** A store may start on the tables. */
  async release(): Promise<void> {
    await this.#write(releaseStatement(this.#epoch));
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }

  /** Repeats a statement that failed or whose outcome is unknown. */
  async #write(statement: Statement): Promise<number> {
    const { rewriteAttempts, rewriteRetryMs } = databaseLimits;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(statement);
      if (answer.kind === 'rows' && answer.warning === undefined) {
        return this.#check(answer.rows[0]);
      }
      const error = this.#toError(answer);
      if (error.code !== 'unavailable' || attempt === rewriteAttempts) throw error;
      await sleep(this.#options.clock, rewriteRetryMs);
    }
  }

  async #attempt(statement: Statement): Promise<QueryAnswer<RewriteRow>> {
    try {
      return await this.#keeper.run<RewriteRow>(statement);
    } catch (error) {
      if (!(error instanceof BazarError) || error.code !== 'unavailable') throw error;
      const failure = { sqlState: undefined, message: error.message, isSent: false };
      return { kind: 'failed', failure: { ...failure, hasRow: false, warning: undefined } };
    }
  }

  #check(row: RewriteRow | undefined): number {
    if (row?.fence === 1) return row.changed;
    const schema = JSON.stringify(this.#options.schema);
    throw conflict(
      `another process has taken the lead of schema ${schema}: stop the store, then repeat`,
    );
  }

  #toError(answer: QueryAnswer<RewriteRow>): BazarError {
    if (answer.kind === 'rows') {
      return new BazarError('unavailable', `cannot write the tables: ${answer.warning}`);
    }
    const { failure } = answer;
    const text = describeFailure(failure);
    if (failure.sqlState === noRights) {
      const message = `only the owner of the schema may write all tables: ${text}`;
      return new BazarError('permission_denied', message);
    }
    const isRefused = refusedClasses.has(failure.sqlState?.slice(0, 2) ?? '');
    if (isRefused || isSettingsFailure(failure)) {
      return new BazarError('internal', `the database refuses a row: ${text}`);
    }
    return toUnavailable('cannot write the tables', failure);
  }
}

function conflict(message: string): BazarError {
  return new BazarError('conflict', message);
}
