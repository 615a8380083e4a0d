/**
 * The check of the tables after a run over a database, when all services have ended: the tables equal
 * what customers read, the log gives the same tables, and the standby has them too.
 */
import { isDeepStrictEqual } from 'node:util';
import { runBazar } from '../test/e2e/run-command.js';
import { until } from '../test/e2e/until.js';
import { queryAt } from '../test/support/postgres-place.js';
import type { DatabasePair } from './database-pair.js';
import type { Books } from './ground.js';
import { cents } from './recorder.js';

const replayWithinMs = 10_000;
const rebuildWithinMs = 120_000;
const problemsTold = 10;

export interface TableCheck {
  readonly pair: DatabasePair;
  readonly schema: string;
  readonly books: Books;
}

interface OrderRow {
  readonly number: string;
  readonly total: string;
  /** Product, quantity and price of each line, in order. */
  readonly lines: readonly (readonly [number, number, number])[];
}

interface EndRow {
  readonly logEnd: string;
  readonly applied: string;
  readonly lastOrder: string;
}

const orderQuery = `SELECT number, total_cents AS total,
    json_agg(json_build_array(product_id, quantity, price_cents) ORDER BY place) AS lines
  FROM orders JOIN order_lines ON order_number = number GROUP BY number ORDER BY number`;
const endQuery = `SELECT log_end_seq AS "logEnd", applied_seq AS applied, last_order AS "lastOrder"
  FROM leaders, applied WHERE group_name = 'catalog'`;
const sumQuery = `SELECT (SELECT count(*) FROM orders) AS orders, (SELECT sum(quantity) FROM order_lines) AS units,
  (SELECT max(seq) FROM log) AS seq, applied_seq FROM applied`;

export async function compareTables({ pair, schema, books }: TableCheck): Promise<string[]> {
  const problems: string[] = [];
  const { url } = pair.primary;
  const [end] = await queryAt<EndRow>(url, endQuery, [], schema);
  if (end?.applied !== end?.logEnd || Number(end?.lastOrder) !== books.orders.size) {
    const count = books.orders.size;
    problems.push(`${count} orders were read, and the tables are at ${JSON.stringify(end)}`);
  }
  problems.push(...(await compareOrders(url, schema, books)));
  problems.push(...(await compareProducts(url, schema, books)));
  const sums = await queryAt(url, sumQuery, [], schema);
  const isEqual = async (): Promise<boolean> => {
    return isDeepStrictEqual(await queryAt(pair.standby.url, sumQuery, [], schema), sums);
  };
  await until('the standby has the same rows', isEqual, replayWithinMs).catch((error: Error) => {
    problems.push(error.message);
  });
  problems.push(...(await compareLog(url, schema)));
  return problems;
}

async function compareOrders(url: string, schema: string, { orders }: Books): Promise<string[]> {
  const rows = await queryAt<OrderRow>(url, orderQuery, [], schema);
  const wrong = rows.filter(({ number, total, lines }) => {
    const order = orders.get(Number(number));
    const read = order?.lines.map(({ id, quantity, price }) => [id, quantity, cents(price)]);
    return !order || cents(order.total) !== Number(total) || !isDeepStrictEqual(read, lines);
  });
  const told = wrong.slice(0, problemsTold).map((row) => {
    return `the row ${JSON.stringify(row)} differs from the order that was read`;
  });
  if (rows.length === orders.size) return told;
  return [...told, `the tables have ${rows.length} orders, and ${orders.size} were read`];
}

async function compareProducts(url: string, schema: string, { stock }: Books): Promise<string[]> {
  const text = 'SELECT id, quantity FROM products WHERE NOT removed ORDER BY id';
  const rows = await queryAt<{ id: string; quantity: string }>(url, text, [], schema);
  const stored = new Map(rows.map(({ id, quantity }) => [Number(id), Number(quantity)]));
  if (isDeepStrictEqual(stored, stock)) return [];
  return [`the table of products has ${show(stored)}, and ${show(stock)} were read`];
}

/** The log is replayed from its first entry, and gives the rows that the tables have. */
async function compareLog(url: string, schema: string): Promise<string[]> {
  const place = ['--store', url, '--store-schema', schema];
  const rebuild = ['store', 'check', '--rebuild', '--json', ...place];
  const { code, out, err } = await runBazar(rebuild, '', rebuildWithinMs);
  if (code !== 0) return [`bazar store check --rebuild ends with ${code}: ${err || out}`];
  const { equal, changed, deleted } = JSON.parse(out) as {
    readonly equal: boolean;
    readonly changed: number;
    readonly deleted: number;
  };
  if (equal && changed === 0 && deleted === 0) return [];
  return [`the tables differ from the log: ${changed} rows wrong or missing, ${deleted} too many`];
}

function show(stock: ReadonlyMap<number, number>): string {
  return JSON.stringify([...stock]);
}
