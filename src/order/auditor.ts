/**
 * The order service's part of an audit: waits until every sale that the catalog has made is an
 * order, logs the audit entry, and recomputes the book from its journal in a job.
 */
import { BazarError } from '../base/errors.js';
import type { MemberFolder } from '../group/folder.js';
import type { JobsPool } from '../pool/jobs-pool.js';
import { encode } from '../wire/codec.js';
import type { OrderAudit, OrderCommand } from '../wire/internal.js';
import type { BookAnswer, BookArgs } from './book-job.js';
import type { OrderStore } from './store.js';

export class OrderAuditor {
  readonly #store: OrderStore;
  readonly #jobs: JobsPool;
  readonly #folder: MemberFolder;

  constructor(store: OrderStore, jobs: JobsPool, folder: MemberFolder) {
    this.#store = store;
    this.#jobs = jobs;
    this.#folder = folder;
  }

  async audit(token: string, through: number): Promise<OrderAudit> {
    await this.#store.reached(through);
    const command: OrderCommand = ['audit', token];
    const { seq, result } = await this.#store.propose(encode(command));
    if (result.kind !== 'audit') throw new BazarError('internal', 'an audit had another result');
    const { journalFolder } = this.#folder;
    const args: BookArgs = { journalFolder, throughSeq: seq, throughOrder: through };
    const module = new URL('./book-job.js', import.meta.url);
    const book = (await this.#jobs.run(module, 'readBook', args)) as BookAnswer;
    const problems = [...book.problems];
    if (book.hash !== result.hash) {
      problems.push('the order book recomputed from the journal differs from the one served');
    }
    return [seq, result.hash, book.orders, book.units, problems];
  }
}
