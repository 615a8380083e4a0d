/**
 * The order service's part of an audit: waits until every sale, cancellation and movement that the catalog
 * has made is in the book, logs the audit entry, and recomputes the book from its journal in a job.
 */
import { BazarError } from '../base/errors.js';
import type { MemberFolder } from '../group/folder.js';
import type { JobsPool } from '../pool/jobs-pool.js';
import type { OrderAudit } from '../wire/audit-messages.js';
import { encode } from '../wire/codec.js';
import type { OrderCommand } from '../wire/internal.js';
import type { BookAnswer, BookArgs } from './book-job.js';
import type { BookNumbers } from './book-position.js';
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

  async audit(
    token: string,
    [through, cancellations, movements]: BookNumbers,
  ): Promise<OrderAudit> {
    await this.#store.reached(through);
    await this.#store.cancellationReached(cancellations);
    await this.#store.movementReached(movements);
    const command: OrderCommand = ['audit', token];
    const { seq, result } = await this.#store.propose(encode(command));
    if (result.kind !== 'audit') throw new BazarError('internal', 'an audit had another result');
    const { journalFolder } = this.#folder;
    const args: BookArgs = {
      ...{ journalFolder, throughSeq: seq },
      ...{ throughOrder: through, throughCancellation: cancellations, throughMovement: movements },
    };
    const module = new URL('./book-job.js', import.meta.url);
    const book = (await this.#jobs.run(module, 'readBook', args)) as BookAnswer;
    const problems = [...book.problems];
    if (book.hash !== result.hash) {
      problems.push('the order book recomputed from the journal differs from the one served');
    }
    const { orders, units, returned, balances } = book;
    const more = [book.cancellations, returned, book.movements, balances] as const;
    return [seq, result.hash, orders, units, problems, ...more];
  }
}
