/**
 * The catalog's part of an audit over a database: a job restores the state from the tables, replays the
 * log rows after it, and the result is compared with the state that is served. The job cannot know in
 * advance which entry the tables have reached, so the owner logs marks until the job has found one.
 */
import { type Clock, every } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import type { ProductRow } from '../../database/rows.js';
import type { JobsPool } from '../../pool/jobs-pool.js';
import type { CatalogAudit, ProductBook } from '../../wire/internal.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import { productRow } from '../tables/table-rows.js';
import type { ReplayedTables, ReplayTablesArgs } from './replay-tables-job.js';
import type { CatalogStore } from './store.js';

const marksEveryMs = 500;
/** Differences that an answer names. */
const namedMax = 20;

export interface SqlAuditorOptions {
  readonly machine: CatalogMachine;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly database: DatabaseConfig;
  readonly clusterId: string;
}

/** The state that is served, just after an audit entry. */
interface Mark {
  readonly hash: string;
  readonly products: readonly ProductRow[];
}

export class SqlAuditor {
  readonly #options: SqlAuditorOptions;
  /** The marks of audits under way, by token and then by seq. */
  readonly #marks = new Map<string, Map<number, Mark>>();

  constructor(options: SqlAuditorOptions) {
    this.#options = options;
  }

  /** Call it after each applied entry: later entries may be applied before a proposer continues. */
  applied(seq: number, result: CatalogResult): void {
    if (result.kind !== 'audit') return;
    const products = this.#options.machine.view().products().map(productRow);
    this.#marks.get(result.token)?.set(seq, { hash: result.hash, products });
  }

  async audit(store: CatalogStore, token: string): Promise<CatalogAudit> {
    const marks = this.#expect(token);
    try {
      const { seq, result } = await store.proposeAt(['audit', token]);
      const mark = marks.get(seq);
      if (result.kind !== 'audit' || !mark) {
        throw new BazarError('internal', 'an audit had another result');
      }
      const { served, replayed } = await this.#replay(store, `${token} tables`);
      const problems = differences(replayed.products, served.products);
      const isSame = replayed.hash === served.hash;
      const recomputed = isSame ? result.hash : replayed.hash;
      const books = mark.products.map(bookOf);
      return [seq, result.hash, recomputed, result.lastSale, books, problems];
    } finally {
      this.#marks.delete(token);
    }
  }

  async #replay(
    store: CatalogStore,
    token: string,
  ): Promise<{ readonly served: Mark; readonly replayed: ReplayedTables }> {
    const { jobs, clock, database, clusterId } = this.#options;
    const marks = this.#expect(token);
    const timer = every(clock, marksEveryMs, () => {
      // Without a mark the job gives up.
      store.proposeAt(['audit', token]).catch(() => {});
    });
    try {
      const args: ReplayTablesArgs = { database, clusterId, token };
      const module = new URL('./replay-tables-job.js', import.meta.url);
      const replayed = (await jobs.run(module, 'replayTables', args)) as ReplayedTables;
      const served = marks.get(replayed.seq);
      if (served) return { served, replayed };
      throw new BazarError('unavailable', 'the lead was lost during the audit');
    } finally {
      timer.cancel();
      this.#marks.delete(token);
    }
  }

  #expect(token: string): Map<number, Mark> {
    const marks = new Map<number, Mark>();
    this.#marks.set(token, marks);
    return marks;
  }
}

function bookOf({ id, name, received, sold, quantity }: ProductRow): ProductBook {
  return [id, name, received, sold, quantity];
}

/** Names the rows of products that the tables and the log do not explain. */
function differences(stored: readonly ProductRow[], served: readonly ProductRow[]): string[] {
  const rows = new Map(stored.map((row) => [row.id, row]));
  const found: string[] = [];
  for (const expected of served) {
    const row = rows.get(expected.id);
    rows.delete(expected.id);
    if (!row) found.push(`the table products has no row for product ${expected.id}`);
    else found.push(...columns(row, expected));
    if (found.length >= namedMax) return found.slice(0, namedMax);
  }
  for (const id of rows.keys())
    found.push(`the table products has product ${id}, the store has not`);
  return found.slice(0, namedMax);
}

function columns(row: ProductRow, expected: ProductRow): string[] {
  const names = Object.keys(expected) as (keyof ProductRow)[];
  return names
    .filter((name) => row[name] !== expected[name])
    .map((name) => {
      const [stored, served] = [String(row[name]), String(expected[name])];
      return `product ${row.id}: the tables say ${name} = ${stored}, the store ${served}`;
    });
}
