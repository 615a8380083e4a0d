/**
 * The seeded bugs of the SQL engine: each switches off rules that are safe only together, and `seed` is
 * one that noticed. Invariant: with all rules every seed is clean.
 */
import { runSql, type SqlRunOptions } from './sql-run.js';

export interface SqlMutation extends SqlRunOptions {
  readonly name: string;
  /** The rule that is broken. */
  readonly rule: string;
  /** A seed that noticed it; `npm run sim:sql -- --mutations` finds another one. */
  readonly seed: number;
}

export const sqlMutations: readonly SqlMutation[] = [
  {
    ...{ name: 'fence', rule: 'S1: a write needs the own epoch and the expected end', seed: 1 },
    modelRules: { fenced: false, endFenced: false },
  },
  {
    ...{ name: 'openingEntry', rule: 'S2: an opening entry comes before what was read', seed: 1 },
    sqlRules: { openingEntry: false },
  },
  {
    ...{ name: 'missingRead', rule: 'S2: a new leader reads the missing entries', seed: 1 },
    sqlRules: { missingRead: false },
  },
  {
    ...{ name: 'staleEnd', rule: 'S1, S2: a lead begins at the end of the log', seed: 1 },
    sqlRules: { missingRead: false },
    modelRules: { endFenced: false },
  },
  {
    ...{ name: 'readsConfirmed', rule: 'S3: reads and leases wait for a transaction', seed: 6 },
    sqlRules: { readsConfirmed: false },
  },
  {
    ...{ name: 'confirmedAfter', rule: 'S3: the transaction began after the request', seed: 92 },
    sqlRules: { confirmedAfter: false },
  },
  {
    ...{ name: 'unknownEndsLead', rule: 'S4: an unknown commit ends the epoch', seed: 1 },
    sqlRules: { unknownEndsLead: false },
  },
  {
    ...{ name: 'oneSession', rule: 'S4: the log is read where the lead was taken', seed: 167 },
    sqlRules: { endCompared: false },
    modelRules: { oneSession: false },
  },
  {
    ...{ name: 'readEntriesWait', rule: 'S4: entries read wait for the leader', seed: 6 },
    sqlRules: { readEntriesWait: false },
  },
  {
    ...{ name: 'lossIsUnknown', rule: 'S4: what a lost lead had appended is unknown', seed: 1 },
    replicaRules: { lossIsUnknown: false },
  },
  {
    ...{ name: 'tablesBehindGates', rule: 'S5: the tables show applied entries', seed: 1 },
    replicaRules: { tablesBehindGates: false },
  },
  {
    ...{ name: 'followersWaitForGates', rule: 'R7: followers apply what is visible', seed: 1 },
    sqlRules: { followersWaitForGates: false },
  },
  {
    ...{ name: 'gatesWaitForLeases', rule: 'R8: a gate waits for the leases', seed: 6 },
    replicaRules: { gatesWaitForLeases: false },
  },
  {
    ...{ name: 'undecidedNotCached', rule: 'A13: undecided values are not cached', seed: 1 },
    replicaRules: { undecidedNotCached: false },
  },
  {
    ...{ name: 'newLeadWaits', rule: 'A14: a new leader waits for former leases', seed: 1 },
    replicaRules: { newLeadWaits: false },
  },
  {
    ...{ name: 'electedAfterCommit', rule: 'A14: that wait begins after the takeover', seed: 83 },
    sqlRules: { electedAfterCommit: false },
  },
  {
    ...{ name: 'grantsConfirmed', rule: 'A15: a lease needs a confirmed lead', seed: 40 },
    replicaRules: { grantsConfirmed: false },
  },
];

export interface Noticed {
  readonly seed: number | undefined;
  readonly broken: string;
}

/** The first seed that notices the bug. */
export async function noticeMutation(
  mutation: SqlMutation,
  first: number,
  seeds: number,
): Promise<Noticed> {
  for (let seed = first; seed < first + seeds; seed++) {
    const { broken } = await runSql(seed, mutation);
    if (broken !== undefined) return { seed, broken };
  }
  return { seed: undefined, broken: '' };
}
