/**
 * The catalog's part of an audit: logs the audit entry, recomputes the state up to that entry from
 * the files in a job, and returns both states for comparison (docs/PROTOCOL.md, section 5).
 */
import { BazarError } from '../../base/errors.js';
import type { MemberFolder } from '../../group/folder.js';
import type { JobsPool } from '../../pool/jobs-pool.js';
import type { CatalogAudit } from '../../wire/audit-messages.js';
import type { RecomputeAnswer, ReplayArgs } from './recompute-job.js';
import type { CatalogStore } from './store.js';

export class CatalogAuditor {
  readonly #store: CatalogStore;
  readonly #jobs: JobsPool;
  readonly #folder: MemberFolder;

  constructor(store: CatalogStore, jobs: JobsPool, folder: MemberFolder) {
    this.#store = store;
    this.#jobs = jobs;
    this.#folder = folder;
  }

  async audit(token: string): Promise<CatalogAudit> {
    const { seq, result } = await this.#store.proposeAt(['audit', token]);
    if (result.kind !== 'audit') throw new BazarError('internal', 'an audit had another result');
    const { journalFolder, snapshotFolder } = this.#folder;
    const args: ReplayArgs = { journalFolder, snapshotFolder, throughSeq: seq };
    const module = new URL('./recompute-job.js', import.meta.url);
    const answer = (await this.#jobs.run(module, 'recompute', args)) as RecomputeAnswer;
    const { books, lastCancellation, lastMovement } = answer;
    const last = [lastCancellation, lastMovement] as const;
    return [seq, result.hash, answer.hash, result.lastSale, books, [], ...last];
  }
}
