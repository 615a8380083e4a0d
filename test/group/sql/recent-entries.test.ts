/** The end of the log in memory: what it keeps, cuts and hands out. */
import t from 'tap';
import { logLimits } from '../../../src/base/limits.js';
import { RecentEntries } from '../../../src/group/sql/recent-entries.js';
import { entryAt } from './fake-database.js';

const { tailEntriesKept, tailBytesKept } = logLimits;

function filled(count: number, bytes = 1): RecentEntries {
  const log = new RecentEntries({ seq: 0, epoch: 0, time: 0 });
  for (let seq = 1; seq <= count; seq++) log.append(entryAt(seq, 1, bytes));
  return log;
}

t.test('entries follow each other without gaps, and epochs do not go back', async (t) => {
  const log = new RecentEntries({ seq: 4, epoch: 3, time: 0 });
  t.throws(() => log.append(entryAt(6, 3)), /no gaps/);
  t.throws(() => log.append(entryAt(5, 2)), /do not go back/);
  log.append(entryAt(5, 3));
  t.match(log.last, { seq: 5, epoch: 3 });
  t.equal(log.epochOf(4), 3, 'the entry before the first one is known by its epoch');
  t.equal(log.epochOf(3), undefined);
  t.equal(log.entry(4), undefined);
});

t.test('a slice ends at its limits and has at least one entry', async (t) => {
  const log = filled(10, 100);
  const seqs = (after: number, through: number, bytes: number) =>
    log.slice(after, through, bytes).map(({ seq }) => seq);
  t.same(seqs(2, 5, 10_000), [3, 4, 5]);
  t.same(seqs(2, 99, 10_000), [3, 4, 5, 6, 7, 8, 9, 10]);
  t.same(seqs(2, 9, 250), [3, 4]);
  t.same(seqs(2, 9, 1), [3], 'one that is too large goes alone');
  t.same(seqs(10, 12, 1), []);
});

t.test('a cut forgets what is not committed', async (t) => {
  const log = filled(10);
  log.cutAfter({ seq: 7, epoch: 1, time: 0 });
  t.match(log.last, { seq: 7 });
  log.append(entryAt(8, 2));
  t.equal(log.epochOf(8), 2);
  log.cutAfter({ seq: 8, epoch: 2, time: 0 });
  t.match(log.last, { seq: 8 }, 'nothing comes after the end');
});

t.test('the log forgets applied entries beyond its limit of entries', async (t) => {
  const extra = Math.ceil(tailEntriesKept / 8);
  const log = filled(tailEntriesKept + extra);
  log.trim(0);
  t.ok(log.entry(1), 'what is not applied stays');
  log.trim(tailEntriesKept + extra);
  t.equal(log.entry(extra), undefined);
  t.ok(log.entry(extra + 1));
  t.equal(log.epochOf(extra), 1, 'the base is known');
  t.throws(() => log.cutAfter({ seq: extra - 1, epoch: 1, time: 0 }), /stays/);
});

t.test('few large entries are forgotten too', async (t) => {
  const bytes = tailBytesKept / 8;
  const log = filled(12, bytes);
  log.trim(12);
  t.equal(log.entry(4), undefined);
  t.ok(log.entry(5));
  t.same(log.slice(3, 12, 1), [], 'what is not in memory is not handed out');
});
