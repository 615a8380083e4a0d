/** An audit over a database, where the replaying job may read an entry before the leader applies it. */
import t from 'tap';
import { SqlAuditor } from '../../../src/catalog/service/sql-auditor.js';
import type { CatalogStore } from '../../../src/catalog/service/store.js';
import { productRow } from '../../../src/catalog/tables/table-rows.js';
import type { JobsPool } from '../../../src/pool/jobs-pool.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { toyLog } from '../log-builder.js';

t.test('an audit waits until the leader has applied the entry that the job read', async (t) => {
  const [seq, hash, recomputed, , books, problems] = await auditWhere({ isLeading: true });
  t.equal(seq, 2);
  t.equal(hash, recomputed);
  t.equal(books.length, 2);
  t.same(problems, []);
});

t.test('an audit fails if the leader never applies that entry', async (t) => {
  const failure = { code: 'unavailable', message: /the lead was lost/ };
  await t.rejects(auditWhere({ isLeading: false }), failure);
});

/** The job reads entry 3, which the leader has not applied, or will never apply. */
function auditWhere({ isLeading }: { readonly isLeading: boolean }) {
  const log = toyLog();
  const { machine } = log;
  const apply = (token: string) => {
    const result = log.append(['audit', token]);
    const seq = machine.appliedSeq;
    auditor.applied(seq, result);
    return { seq, result };
  };
  const jobs = {
    async run() {
      const products = machine.view().products().map(productRow);
      return { seq: 3, hash: machine.hash(), products };
    },
  };
  const auditor = new SqlAuditor({
    machine,
    jobs: jobs as unknown as JobsPool,
    clock: new ManualClock(),
    database: { url: '', env: {}, schema: '' },
    clusterId: '',
  });
  const store = {
    proposeAt: async ([, token]: readonly ['audit', string]) => apply(token),
    async readBarrier() {
      if (isLeading) apply('token tables');
      return machine.appliedSeq;
    },
  };
  return auditor.audit(store as unknown as CatalogStore, 'token');
}
