/**
 * What a failed statement means. Invariant: a write counts as not written only if the server said so
 * before it could have begun to commit; anything else is unknown (docs/SQL-ENGINE.md, S4).
 */
import { BazarError } from '../base/errors.js';
import { remedyFor } from './remedies.js';
import type { WriteResult } from './types.js';

/** A statement, or the connection for it, that failed. */
export interface QueryFailure {
  /** Undefined: the server did not answer. */
  readonly sqlState: string | undefined;
  readonly message: string;
  readonly table?: string | undefined;
  readonly constraint?: string | undefined;
  readonly detail?: string | undefined;
  /** The statement may have reached the server. */
  readonly isSent: boolean;
  /** The statement returned a row before it failed, so it may have been committing. */
  readonly hasRow: boolean;
  /** A warning of the server during the statement. */
  readonly warning: string | undefined;
}

/** Serialization failure and deadlock: the server rolled back, also if it found out at the commit. */
const rolledBack: ReadonlySet<string> = new Set(['40001', '40P01']);
/** Connection failures, and errors inside the server. */
const uncertainClasses: ReadonlySet<string> = new Set(['08', 'XX']);
const uncertain: ReadonlySet<string> = new Set(['40003']);
/** Wrong values and violated constraints. */
const refusedClasses: ReadonlySet<string> = new Set(['22', '23']);
/** After these the session is as good as before. */
const harmless: ReadonlySet<string> = new Set(['40001', '40P01', '55P03', '57014']);
/** Wrong settings; the next attempt fails the same way. */
const settingsClasses: ReadonlySet<string> = new Set(['28', '3D', '3F', '42']);

export function isUncertain(failure: QueryFailure): boolean {
  const { sqlState, isSent, hasRow, warning } = failure;
  if (!isSent) return false;
  if (sqlState === undefined || uncertain.has(sqlState)) return true;
  if (uncertainClasses.has(sqlState.slice(0, 2))) return true;
  return (hasRow || warning !== undefined) && !rolledBack.has(sqlState);
}

/** `tables`: the tables of the changes. A violation in another one is no fault of the changes. */
export function toWriteResult(failure: QueryFailure, tables: ReadonlySet<string>): WriteResult {
  const reason = describeFailure(failure);
  if (isUncertain(failure)) return { kind: 'unknown', reason };
  const isRefused = refusedClasses.has(failure.sqlState?.slice(0, 2) ?? '');
  const isOfTables = failure.table === undefined ? tables.size > 0 : tables.has(failure.table);
  if (isRefused && isOfTables) return { kind: 'refused', reason };
  return { kind: 'not_written', reason };
}

/** Whether the next statement needs a new session. */
export function endsSession({ sqlState }: QueryFailure): boolean {
  if (sqlState === undefined) return true;
  return !harmless.has(sqlState) && !refusedClasses.has(sqlState.slice(0, 2));
}

/** Whether connecting again at once is useless. */
export function isSettingsFailure({ sqlState }: QueryFailure): boolean {
  return sqlState !== undefined && settingsClasses.has(sqlState.slice(0, 2));
}

export function toUnavailable(what: string, failure: QueryFailure): BazarError {
  return new BazarError('unavailable', `${what}: ${adviseFailure(failure)}`);
}

/** The failure and what an operator can do, in one line. */
export function adviseFailure(failure: QueryFailure): string {
  const remedy = remedyFor(failure);
  const told = describeFailure(failure);
  return remedy === undefined ? told : `${told}; ${remedy}`;
}

export function describeFailure(failure: QueryFailure): string {
  const { sqlState, message, table, constraint, detail, warning } = failure;
  const place = [table && `table ${table}`, constraint && `constraint ${constraint}`];
  const where = place.filter(Boolean).join(', ');
  const texts = [where, message, detail, warning && `after the warning: ${warning}`];
  const text = texts.filter(Boolean).join(': ');
  return sqlState === undefined ? text : `${text} (SQLSTATE ${sqlState})`;
}
