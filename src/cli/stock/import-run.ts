/**
 * Brings rows of products into the store: many at once, each on its own, wholly or not at all. What
 * is there already is told from its answer, so that the same import may run again after it was cut
 * off. Knows no file and no terminal. Invariant: each row is counted exactly once.
 */
import { BazarError, toBazarError } from '../../base/errors.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Product } from '../../wire/schemas.js';
import type { NewProduct, Row } from './csv-rows.js';

/** Of a product that is there and differs: make it as the row says, leave it, or call it an error. */
export const existingChoices = ['update', 'skip', 'refuse'] as const;
export type Existing = (typeof existingChoices)[number];

export interface ImportOptions {
  readonly client: BazarClient;
  readonly existing: Existing;
  /** Looks up instead of changing. */
  readonly dryRun: boolean;
  /** Rows under way at the same time. */
  readonly rowsAtOnce: number;
  /** Stops taking rows; what is under way is finished. */
  readonly stopped: AbortSignal;
  readonly failed: (line: number, problem: string) => void;
  /** Called with the line of the last row taken. */
  readonly progress: (line: number) => void;
}

export interface ImportReport {
  added: number;
  updated: number;
  /** As the row has it already, or left as it is. */
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
  const seen = new Seen();
  const underWay = new Set<Promise<void>>();
  const fail = (line: number, problem: string): void => {
    report.failed++;
    options.failed(line, problem);
  };
  for await (const row of rows) {
    if (options.stopped.aborted) break;
    options.progress(row.line);
    const problem = 'problem' in row ? row.problem : seen.clash(row.product, row.line);
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

/** A failure that would meet every row alike ends the import. */
function rowProblem(thrown: unknown): string {
  const error = toBazarError(thrown);
  const { unreached } = error.details;
  const meetsAll = error.code === 'unauthenticated' || error.code === 'permission_denied';
  if (unreached === true || meetsAll || !(thrown instanceof BazarError)) throw thrown;
  return error.message;
}

async function take(product: NewProduct, options: ImportOptions): Promise<Outcome> {
  if (options.dryRun) return tell(product, options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await add(product, options);
    } catch (thrown) {
      // Whether it was added is not known then; adding it again tells.
      const { code } = toBazarError(thrown);
      const isUnknown = code === 'unavailable' || code === 'deadline_exceeded';
      if (!isUnknown || attempt === attemptsMax) throw thrown;
    }
  }
}

async function add(product: NewProduct, { client, existing }: ImportOptions): Promise<Outcome> {
  const current = await client.addProduct(product).then(
    () => undefined,
    (error: unknown) => presentRecord(error),
  );
  if (current === undefined) return 'added';
  if (!differs(product, current, existing)) return 'unchanged';
  const { topic, price, quantity } = product;
  await client.updateProduct({ id: current.id, topic, price, quantity });
  return 'updated';
}

/** What an import would do. */
async function tell(product: NewProduct, { client, existing }: ImportOptions): Promise<Outcome> {
  const { id, name } = product;
  const lookUp = (item: { id: number } | { name: string }): Promise<Product | undefined> =>
    client.lookup(item).catch((error: unknown) => {
      if (toBazarError(error).code === 'not_found') return undefined;
      throw error;
    });
  const byId = id === undefined ? undefined : await lookUp({ id });
  const current = byId ?? (await lookUp({ name }));
  if (!current) return 'added';
  return differs(product, current, existing) ? 'updated' : 'unchanged';
}

function presentRecord(error: unknown): Product {
  const { code, details } = toBazarError(error);
  if (code !== 'conflict' || typeof details.current !== 'object') throw error;
  return details.current as Product;
}

/** Throws where the row cannot be brought together with what is there. */
function differs(product: NewProduct, current: Product, existing: Existing): boolean {
  const { id = current.id, name, topic, price, quantity } = product;
  if (id !== current.id || name !== current.name) {
    const message = `the store has "${current.name}" under id ${current.id}`;
    throw new BazarError('conflict', message);
  }
  const same = topic === current.topic && price === current.price && quantity === current.quantity;
  if (same || existing === 'skip') return false;
  if (existing === 'update') return true;
  throw new BazarError('conflict', 'the store has it already, and otherwise');
}

/** Names and ids of the rows so far: of two rows about one product, which one is meant? */
class Seen {
  readonly #names = new Map<string, number>();
  readonly #ids = new Map<number, number>();

  clash({ id, name }: NewProduct, line: number): string | undefined {
    const [byName, byId] = [
      this.#names.get(name),
      id === undefined ? undefined : this.#ids.get(id),
    ];
    if (byName !== undefined) return `"${name}" stands on line ${byName} already`;
    if (byId !== undefined) return `id ${id} stands on line ${byId} already`;
    this.#names.set(name, line);
    if (id !== undefined) this.#ids.set(id, line);
    return undefined;
  }
}
