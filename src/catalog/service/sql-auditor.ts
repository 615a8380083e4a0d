/**
 * The catalog's part of an audit over a database: a job restores the state from the tables, replays the
 * log rows after it, and the result is compared with the state that is served. The job cannot know in
 * advance which entry the tables have reached, so the owner logs marks until the job has found one.
 */
import { type Clock, every } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import type { CancelledOrderRow, HoldRow, ProductRow, UseRow } from '../../database/rows.js';
import type { JobsPool } from '../../pool/jobs-pool.js';
import type { CatalogAudit, ProductBook } from '../../wire/audit-messages.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import { fewCancelled, fewHolds, fewUses, productRow, useName } from '../tables/table-rows.js';
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
  readonly holds: readonly HoldRow[] | undefined;
  readonly uses: readonly UseRow[] | undefined;
  readonly cancelled: readonly CancelledOrderRow[] | undefined;
  readonly lastCancellation: number;
  readonly lastMovement: number;
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
    const marks = this.#marks.get(result.token);
    if (!marks) return;
    const { machine } = this.#options;
    const view = machine.view();
    const products = view.products().map(productRow);
    const [holds, uses, cancelled] = [fewHolds(view.holds), fewUses(view), fewCancelled(view)];
    const lastCancellation = machine.cancellations.last;
    const last = { lastCancellation, lastMovement: machine.movements.last };
    marks.set(seq, { hash: result.hash, products, holds, uses, cancelled, ...last });
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
      const problems = [
        ...differences(productNames, replayed.products, served.products),
        ...(replayed.holds && served.holds
          ? differences(holdNames, replayed.holds, served.holds)
          : []),
        ...(replayed.uses && served.uses ? differences(useNames, replayed.uses, served.uses) : []),
        ...(replayed.cancelled && served.cancelled
          ? differences(cancelledNames, replayed.cancelled, served.cancelled)
          : []),
      ].slice(0, namedMax);
      const isSame = replayed.hash === served.hash;
      const recomputed = isSame ? result.hash : replayed.hash;
      const books = mark.products.map(bookOf);
      const last = [mark.lastCancellation, mark.lastMovement] as const;
      return [seq, result.hash, recomputed, result.lastSale, books, problems, ...last];
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
      // The job may have read an entry from the database before it is applied here.
      if (!marks.has(replayed.seq)) await store.readBarrier();
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

function bookOf(row: ProductRow): ProductBook {
  const { id, name, received, sold, quantity, reserved, returned } = row;
  return [id, name, received, sold, quantity, reserved, returned];
}

interface RowNames<Row> {
  readonly table: string;
  readonly noun: string;
  readonly idOf: (row: Row) => number | string;
}

const productNames: RowNames<ProductRow> = {
  ...{ table: 'products', noun: 'product' },
  idOf: ({ id }) => id,
};
const holdNames: RowNames<HoldRow> = {
  ...{ table: 'holds', noun: 'hold' },
  idOf: ({ serial }) => serial,
};

const cancelledNames: RowNames<CancelledOrderRow> = {
  ...{ table: 'cancellations', noun: 'cancelled order' },
  idOf: ({ order }) => order,
};

const useNames: RowNames<UseRow> = { table: 'limit_uses', noun: 'use', idOf: useName };

/** Names the rows that the tables and the log do not explain. */
function differences<Row extends object>(
  names: RowNames<Row>,
  stored: readonly Row[],
  served: readonly Row[],
): string[] {
  const { table, noun, idOf } = names;
  const rows = new Map(stored.map((row) => [idOf(row), row]));
  const found: string[] = [];
  for (const expected of served) {
    const id = idOf(expected);
    const row = rows.get(id);
    rows.delete(id);
    if (!row) found.push(`the table ${table} has no row for ${noun} ${id}`);
    else found.push(...columns(`${noun} ${id}`, row, expected));
    if (found.length >= namedMax) return found;
  }
  for (const id of rows.keys())
    found.push(`the table ${table} has ${noun} ${id}, the store has not`);
  return found;
}

function columns<Row extends object>(which: string, row: Row, expected: Row): string[] {
  const names = Object.keys(expected) as (keyof Row & string)[];
  return names.flatMap((name) => {
    const [stored, served] = [toText(row[name]), toText(expected[name])];
    if (stored === served) return [];
    return [`${which}: the tables say ${name} = ${stored}, the store ${served}`];
  });
}

function toText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}
