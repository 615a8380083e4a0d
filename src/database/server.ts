/** What a server must be, and the settings of each session on it. */
import { databaseLimits } from '../base/database-limits.js';
import type { TargetSession } from './connection-url.js';

export interface ServerFacts {
  /** For example 150014. */
  readonly version: number;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
}

export interface ServerProblem {
  readonly message: string;
  readonly sqlState: string;
}

const oldestVersion = 13;
const readOnly = '25006';
const notSupported = '0A000';

export const serverFacts = `SELECT current_setting('server_version_num')::integer AS version,
  pg_is_in_recovery() AS "isStandby", current_setting('transaction_read_only') = 'on' AS "isReadOnly"`;

/** Undefined: the server is fit. */
export function checkServer(
  facts: ServerFacts | undefined,
  target: TargetSession,
): ServerProblem | undefined {
  if (facts === undefined) return { message: 'no answer', sqlState: notSupported };
  const major = Math.floor(facts.version / 10_000);
  if (major < oldestVersion) {
    const message = `PostgreSQL ${major} is too old; use version ${oldestVersion} or later`;
    return { message, sqlState: notSupported };
  }
  if (target === 'any') return undefined;
  if (facts.isStandby) {
    return { message: 'the server is a standby; connect to the primary', sqlState: readOnly };
  }
  if (facts.isReadOnly && target === 'read-write') {
    const message = 'the server is read-only; switch default_transaction_read_only off';
    return { message, sqlState: readOnly };
  }
  return undefined;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const {
  statementTimeoutMs,
  lockTimeoutMs,
  idleTransactionMs,
  keepAliveMs,
  keepAliveProbes,
  callTimeoutMs,
} = databaseLimits;
const keepAliveSeconds = Math.ceil(keepAliveMs / 1_000);

/**
 * synchronous_commit may be stronger than `on`. The plan of a prepared statement is made while tables
 * are small; the last two settings keep it from reading whole tables later. They also raise the costs
 * so much that the server would compile each execution, which takes longer than the write.
 */
export const sessionSettings = `
SET client_min_messages = warning;
SET statement_timeout = ${statementTimeoutMs};
SET lock_timeout = ${lockTimeoutMs};
SET idle_in_transaction_session_timeout = ${idleTransactionMs};
SET tcp_keepalives_idle = ${keepAliveSeconds};
SET tcp_keepalives_interval = ${keepAliveSeconds};
SET tcp_keepalives_count = ${keepAliveProbes};
SET tcp_user_timeout = ${callTimeoutMs};
SET TimeZone = 'UTC';
SET standard_conforming_strings = on;
SET bytea_output = hex;
SET jit = off;
SELECT set_config('synchronous_commit',
  CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,
  false);
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan`;
