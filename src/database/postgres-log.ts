/**
 * The log of a group in PostgreSQL: one session, one statement at a time. Invariant: after an outcome
 * that is unknown, the session is gone, so a later statement never shares its fate
 * (docs/SQL-ENGINE.md, S1-S4).
 */

import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import type { Entry } from '../consensus/types.js';
import { toUnavailable, toWriteResult } from './failures.js';
import { changedTables } from './migrations.js';
import type { QueryAnswer, Statement } from './session.js';
import { type DatabaseOptions, SessionKeeper } from './session-keeper.js';
import type { Lead, LeaderRow, LogDatabase, LogWrite, WriteResult } from './types.js';
import {
  type DroppedRows,
  droppedAfter,
  type WriteRow,
  writeStatement,
} from './write-statement.js';

export interface PostgresLogOptions extends DatabaseOptions {
  /** The row of `leaders`: `catalog` or `order`. */
  readonly group: string;
}

interface LeadRow {
  readonly epoch: number;
  readonly seq: number;
  readonly endEpoch: number;
  readonly time: number;
}

const takeLeadText = `UPDATE leaders SET leader = $2::text, epoch = epoch + 1
  WHERE group_name = $1::text
  RETURNING epoch, log_end_seq AS seq, log_end_epoch AS "endEpoch", log_end_time AS time`;
const leaderText = 'SELECT epoch, leader FROM leaders WHERE group_name = $1::text';
/** `before`: bytes of the entries before this one. */
export const readEntriesText = `SELECT seq, epoch, time, command FROM (
    SELECT seq, epoch, time, command,
      sum(octet_length(command)) OVER (ORDER BY seq) - octet_length(command) AS before
    FROM log WHERE seq > $1::bigint ORDER BY seq LIMIT ${databaseLimits.readEntriesMax}
  ) AS page WHERE before < $2::bigint ORDER BY seq`;
const none: ReadonlySet<string> = new Set();

export class PostgresLog implements LogDatabase {
  readonly #keeper: SessionKeeper;
  readonly #options: PostgresLogOptions;
  #dropped: DroppedRows | undefined;

  constructor(options: PostgresLogOptions) {
    this.#options = options;
    this.#keeper = new SessionKeeper(options);
  }

  async takeLead(leader: string): Promise<Lead> {
    const { group } = this.#options;
    const rows = await this.#read<LeadRow>('cannot take the lead', {
      name: 'take_lead',
      text: takeLeadText,
      values: [group, leader],
    });
    const [row] = rows;
    if (row === undefined) throw unavailable(`there is no leader row of the group ${group}`);
    // Another leader may have written and deleted rows meanwhile.
    this.#dropped = undefined;
    const end = { seq: row.seq, epoch: row.endEpoch, time: row.time };
    return { epoch: row.epoch, end, session: this.#keeper.number };
  }

  /** A primary that is cut off may show an older leader. */
  async readLeader(): Promise<LeaderRow> {
    const { group } = this.#options;
    const rows = await this.#read<{ epoch: number; leader: string | null }>(
      'cannot read the leader',
      {
        name: 'read_leader',
        text: leaderText,
        values: [group],
      },
    );
    const [row] = rows;
    if (row === undefined) throw unavailable(`there is no leader row of the group ${group}`);
    return { epoch: row.epoch, leader: row.leader ?? undefined };
  }

  async readEntries(
    afterSeq: number,
    maxBytes: number,
    session?: number,
  ): Promise<readonly Entry[]> {
    const values = [afterSeq, maxBytes];
    const statement = { name: 'read_entries', text: readEntriesText, values };
    return this.#read<Entry>('cannot read the log', statement, session);
  }

  async write(write: LogWrite): Promise<WriteResult> {
    const { group } = this.#options;
    const plan = { group, write, dropped: this.#dropped };
    const tables = write.changes === undefined ? none : changedTables;
    let answer: QueryAnswer<WriteRow>;
    try {
      answer = await this.#keeper.run<WriteRow>(writeStatement(plan), write.session);
    } catch (error) {
      const reason = error instanceof BazarError ? error.message : String(error);
      return { kind: 'not_written', reason };
    }
    if (answer.kind === 'failed') return toWriteResult(answer.failure, tables);
    if (answer.warning !== undefined) return { kind: 'unknown', reason: answer.warning };
    const [row] = answer.rows;
    if (row === undefined) return { kind: 'unknown', reason: 'the answer has no row' };
    if (row.fence === 0) return { kind: 'fenced' };
    if (write.changes) this.#dropped = droppedAfter(this.#dropped, write.changes, row);
    return { kind: 'written' };
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }

  async #read<Row>(what: string, statement: Statement, session?: number): Promise<readonly Row[]> {
    const answer = await this.#keeper.run<Row>(statement, session);
    if (answer.kind === 'failed') throw toUnavailable(what, answer.failure);
    if (answer.warning !== undefined) throw unavailable(`${what}: ${answer.warning}`);
    return answer.rows;
  }
}

function unavailable(message: string): BazarError {
  return new BazarError('unavailable', message);
}
