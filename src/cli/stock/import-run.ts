/**
 * Imports rows of products into the store, several at once. Each row is independent and atomic. An
 * existing product gets only the values that differ, so an interrupted import can run again. Uses
 * no file and no terminal. Invariant: each row is counted exactly once.
 */
import { BazarError, toBazarError } from '../../base/errors.js';
import { tidyText } from '../../base/product-text.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Params, Product } from '../../wire/schemas.js';
import type { Row, WantedProduct } from './csv-rows.js';
import { RowKeys } from './row-keys.js';

/** For an existing product that differs: apply the row, skip the row, or report an error. */
export const existingChoices = ['update', 'skip', 'refuse'] as const;
export type Existing = (typeof existingChoices)[number];

export interface ImportOptions {
  readonly client: BazarClient;
  readonly existing: Existing;
  /** Sets the quantity even if the product has changed since its row was exported. */
  readonly force: boolean;
  /** Looks products up, but changes nothing. */
  readonly dryRun: boolean;
  /** Maximum number of concurrent rows. */
  readonly rowsAtOnce: number;
  /** Takes no more rows after the abort, and finishes the rows in progress. */
  readonly stopped: AbortSignal;
  readonly failed: (line: number, problem: string) => void;
  /** Called with the line of the last row taken. */
  readonly progress: (line: number) => void;
}

export interface ImportReport {
  added: number;
  updated: number;
  /** The product already has these values, or the row was skipped. */
  unchanged: number;
  failed: number;
}

type Outcome = Exclude<keyof ImportReport, 'failed'>;

const attemptsMax = 5;

export async function importRows(
  rows: AsyncIterable<Row>,
  options: ImportOptions,
): Promise<ImportReport> {
  const report: ImportReport = { added: 0, updated: 0, unchanged: 0, failed: 0 };
  const keys = new RowKeys();
  const underWay = new Set<Promise<void>>();
  const fail = (line: number, problem: string): void => {
    report.failed++;
    options.failed(line, problem);
  };
  for await (const row of rows) {
    if (options.stopped.aborted) break;
    options.progress(row.line);
    const problem = 'problem' in row ? row.problem : keys.clash(row.product, row.line);
    if ('problem' in row || problem !== undefined) {
      fail(row.line, problem ?? '');
      continue;
    }
    const done = take(row.product, options).then(
      (outcome) => void report[outcome]++,
      (error: unknown) => fail(row.line, rowProblem(error)),
    );
    const gone = done.finally(() => underWay.delete(gone));
    underWay.add(gone);
    if (underWay.size >= options.rowsAtOnce) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return report;
}

/** Rethrows a failure that would affect every row; this ends the import. */
function rowProblem(thrown: unknown): string {
  const error = toBazarError(thrown);
  const { unreached } = error.details;
  const meetsAll = error.code === 'unauthenticated' || error.code === 'permission_denied';
  if (unreached === true || meetsAll || !(thrown instanceof BazarError)) throw thrown;
  return error.message;
}

async function take(product: WantedProduct, options: ImportOptions): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await bring(product, options);
    } catch (thrown) {
      // The outcome is unknown; the next attempt reads the current state.
      const { code } = toBazarError(thrown);
      const isUnknown = code === 'unavailable' || code === 'deadline_exceeded';
      if (!isUnknown || attempt === attemptsMax) throw thrown;
    }
  }
}

async function bring(product: WantedProduct, options: ImportOptions): Promise<Outcome> {
  const { client, dryRun } = options;
  const { version, ...fields } = product;
  // A row without a version is probably a new product.
  const present = version === undefined && !dryRun ? await addNew(fields, client) : undefined;
  if (present === 'added') return 'added';
  const current = present ?? (await find(product, client));
  if (!current) {
    const missing = missingOf(fields);
    if (missing) throw missing;
    if (dryRun) return 'added';
    const other = await addNew(fields, client);
    if (other === 'added' || other === undefined) return 'added';
    return update(product, other, options);
  }
  return update(product, current, options);
}

type NewProduct = Params<'add_product'>;
type Fields = Omit<WantedProduct, 'version'>;

/**
 * Adds the product, or resolves to the existing one. Undefined: the row lacks fields of a new
 * product.
 */
async function addNew(fields: Fields, client: BazarClient): Promise<Product | 'added' | undefined> {
  if (!isWhole(fields)) return undefined;
  // Builds without targets or limits refuse these fields.
  const { restock_to: target, purchase_limit: limit, ...older } = fields;
  const wanted = {
    ...older,
    ...(target && { restock_to: target }),
    ...(limit && { purchase_limit: limit }),
  };
  return client.addProduct(wanted).then(
    () => 'added' as const,
    (error: unknown) => presentRecord(error),
  );
}

function isWhole(fields: Fields): fields is NewProduct {
  return newFields.every((field) => fields[field] !== undefined);
}

const newFields = ['name', 'topic', 'price', 'quantity'] as const;

function missingOf(fields: Fields): BazarError | undefined {
  const missing = newFields.filter((field) => fields[field] === undefined);
  if (missing.length === 0) return undefined;
  const what = fields.name === undefined ? `id ${fields.id}` : `"${fields.name}"`;
  const message = `the store has no ${what}, and a new product also needs ${missing.join(', ')}`;
  return new BazarError('not_found', message);
}

function presentRecord(error: unknown): Product {
  const { code, details } = toBazarError(error);
  if (code !== 'conflict' || typeof details.current !== 'object') throw error;
  return details.current as Product;
}

async function find({ id, name }: Fields, client: BazarClient): Promise<Product | undefined> {
  const lookUp = (item: { id: number } | { name: string }): Promise<Product | undefined> =>
    client.lookup(item).catch((error: unknown) => {
      if (toBazarError(error).code === 'not_found') return undefined;
      throw error;
    });
  const byId = id === undefined ? undefined : await lookUp({ id });
  return byId ?? (name === undefined ? undefined : await lookUp({ name }));
}

async function update(
  product: WantedProduct,
  current: Product,
  { client, dryRun, existing, force }: ImportOptions,
): Promise<Outcome> {
  const change = changeOf(product, current);
  if (Object.keys(change).length === 0 || existing === 'skip') return 'unchanged';
  if (existing === 'refuse') {
    throw new BazarError('conflict', 'the store already has this product, with other values');
  }
  const { version } = product;
  const isExact = version !== undefined && change.quantity !== undefined && !force;
  if (isExact && version !== current.version) throw outdated(product, current);
  if (dryRun) return 'updated';
  const guard = isExact ? { if_version: version } : {};
  await client.updateProduct({ id: current.id, ...change, ...guard }).catch((error: unknown) => {
    throw isExact ? outdated(product, presentRecord(error)) : error;
  });
  return 'updated';
}

type Change = Omit<Params<'update_product'>, 'id'>;

/** The values of the row that differ. Throws if the row names another product. */
function changeOf(product: WantedProduct, current: Product): Change {
  const { id = current.id, name = current.name, topic, price, quantity } = product;
  const { restock_to: target, purchase_limit: limit } = product;
  const isTarget = target === undefined || target === (current.restock_to ?? null);
  if (id !== current.id || !isSameName(name, current.name)) {
    const message = `the store has "${current.name}" under id ${current.id}`;
    throw new BazarError('conflict', message);
  }
  return {
    ...(topic === undefined || topic === current.topic ? {} : { topic }),
    ...(price === undefined || price === current.price ? {} : { price }),
    ...(quantity === undefined || quantity === current.quantity ? {} : { quantity }),
    ...(isTarget ? {} : { restock_to: target }),
    ...(isSameLimit(limit, current) ? {} : { purchase_limit: limit }),
  };
}

/** Undefined: the row says nothing of a limit. */
function isSameLimit(
  limit: WantedProduct['purchase_limit'],
  { purchase_limit: current }: Product,
): boolean {
  if (limit === undefined) return true;
  if (limit === null || current === undefined) return limit === null && current === undefined;
  return limit.quantity === current.quantity && limit.window_seconds === current.window_seconds;
}

/** Stores keep names trimmed and in Unicode form NFC. */
function isSameName(name: string, other: string): boolean {
  return name === other || tidyText(name) === tidyText(other);
}

function outdated(
  { version }: WantedProduct,
  { name, version: now, quantity }: Product,
): BazarError {
  const since = `"${name}" has changed since the export (version ${version}; now ${now}, with ${quantity} left)`;
  const message = `${since}: export again, remove the quantity column, or use --force`;
  return new BazarError('conflict', message);
}
