/**
 * Copies a stopped store between a data folder and a database, and audits both sides. Invariants: the
 * source does not change; the target starts only after the audit of both sides was equal
 * (docs/OPERATIONS.md).
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { isEmpty, isUnmoved, type StoreFacts } from '../../database/store-facts.js';
import { TableRewriter } from '../../database/table-rewriter.js';
import { describeUnfinished, readUnfinished } from '../../database/unfinished.js';
import { restore } from '../backup/restore-run.js';
import { storedData } from '../launcher/fresh.js';
import { auditDifferences, auditStore, type StoreAudit } from './audit-store.js';
import { openDatabase } from './database-source.js';
import { openFolder } from './folder-source.js';
import type { StoreSource } from './store-source.js';
import { writeBackup } from './write-backup.js';
import {
  finishTables,
  noRows,
  type Report,
  rowsIn,
  trimBefore,
  trimTables,
  writeTables,
} from './write-tables.js';

const copier = 'bazar store copy';
const building = '.copying';
const clusterFile = 'cluster.json';

export interface CopyAudit {
  readonly source: StoreAudit;
  readonly target: StoreAudit;
  /** Empty: the copy is complete. */
  readonly differences: readonly string[];
}

export interface Reports {
  /** A line for people. */
  readonly say: (line: string) => void;
  readonly progress: Report;
}

/** Rejects with `conflict` if the schema is neither empty nor an unfinished copy of this state. */
export async function copyToDatabase(
  folder: string,
  database: DatabaseOptions,
  reports: Reports,
): Promise<CopyAudit> {
  const rewriter = await TableRewriter.open(database);
  let source: StoreSource | undefined;
  try {
    reports.say(`reading ${folder}`);
    source = await openFolder(folder);
    const facts = await rewriter.facts();
    const state = stateName(source);
    const isBegun = checkTarget(facts, database.schema, state);
    if (isBegun) reports.say(`continuing an unfinished copy at order ${facts.lastOrder ?? 0}`);
    const mark = JSON.stringify({ work: 'copy', from: source.place, state });
    const epochMin = source.epochs.catalog + 1;
    await rewriter.begin(facts, { leader: copier, mark, epochMin });
    await trimBefore(source, rewriter);
    await writeTables(source, rewriter, isBegun ? rowsIn(facts) : noRows, reports.progress);
    await trimTables(source, rewriter);
    await finishTables(source, rewriter);
    reports.say('checking both sides');
    const target = await openDatabase({ ...database, allowsUnfinished: true });
    const audit = await compare(source, target);
    if (audit.differences.length === 0) await rewriter.release();
    return audit;
  } finally {
    await rewriter.close();
    await source?.close();
  }
}

/** The restored store gets a new cluster id, as with `bazar restore`. */
export async function copyToFolder(
  database: DatabaseOptions,
  dataDir: string,
  cluster: ClusterConfig,
  reports: Reports,
): Promise<CopyAudit> {
  const there = storedData(dataDir);
  if (there.length > 0) {
    const message = `${dataDir} already has a store (${there.join(', ')}): copy into another folder`;
    throw conflict(message);
  }
  const rewriter = await TableRewriter.open(database);
  const before = await stoppedFacts(rewriter, database.schema);
  const draft = join(dataDir, building);
  let source: StoreSource | undefined;
  try {
    reports.say('reading the database');
    source = await openDatabase(database);
    rmSync(draft, { recursive: true, force: true });
    const madeAt = new Date(database.clock.wallMs()).toISOString();
    await writeBackup(source, draft, madeAt, reports.progress);
    if (!isUnmoved(before, await rewriter.facts())) {
      throw conflict('the store was started during the copy: stop it, then repeat');
    }
    await restore({ folder: draft, dataDir, cluster, report: reports.say });
    reports.say('checking both sides');
    const audit = await compare(source, await openFolder(dataDir));
    // Without this file the members do not start.
    if (audit.differences.length > 0) rmSync(join(dataDir, clusterFile), { force: true });
    return audit;
  } finally {
    rmSync(draft, { recursive: true, force: true });
    await source?.close();
    await rewriter.close();
  }
}

async function stoppedFacts(rewriter: TableRewriter, schema: string): Promise<StoreFacts> {
  const name = `schema ${JSON.stringify(schema)}`;
  try {
    const facts = await rewriter.stoppedFacts();
    const { unfinished } = facts;
    if (unfinished !== null) throw conflict(`${name} ${describeUnfinished(unfinished)}`);
    if (facts.seq === 0) throw conflict(`no store has run on ${name}: there is nothing to copy`);
    return facts;
  } catch (error) {
    await rewriter.close();
    throw error;
  }
}

/** Reads both sides again. Closes the target. */
async function compare(source: StoreSource, target: StoreSource): Promise<CopyAudit> {
  try {
    const [one, other] = [await auditStore(source), await auditStore(target)];
    return { source: one, target: other, differences: auditDifferences(one, other) };
  } finally {
    await target.close();
  }
}

/** Tells states of stores apart. */
function stateName({ end, machine }: StoreSource): string {
  return `${end.epoch}/${end.seq} ${machine.lastSale} ${machine.hash()}`;
}

/** True if a copy of the same state has begun. */
function checkTarget(facts: StoreFacts, schema: string, state: string): boolean {
  const name = JSON.stringify(schema);
  if (facts.unfinished === null) {
    if (isEmpty(facts)) return false;
    throw conflict(
      `schema ${name} is not empty: copy into a schema that bazar store init has made`,
    );
  }
  const begun = readUnfinished(facts.unfinished);
  if (begun?.work === 'copy' && begun.state === state) return true;
  const what =
    begun?.work === 'copy' ? `a copy of another state, from ${begun.from}` : 'other work';
  throw conflict(
    `schema ${name} holds ${what}: drop the schema, run bazar store init, then repeat`,
  );
}

function conflict(message: string): BazarError {
  return new BazarError('conflict', message);
}
