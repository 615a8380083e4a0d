/** How long batches take: from when the disk was free for one until it is durable. */
import t from 'tap';
import type { LogRecord } from '../../src/consensus/types.js';
import { MemberMetrics } from '../../src/group/member-metrics.js';
import { MeteredJournal } from '../../src/group/metered-journal.js';
import type { GroupStatus } from '../../src/group/types.js';
import type { Journal } from '../../src/storage/types.js';
import { ManualClock } from '../helpers/manual-clock.js';

const records = [{}, {}] as unknown as LogRecord[];

function setUp() {
  const clock = new ManualClock();
  let appended = 0;
  let tell: (position: number) => void = () => {};
  const inner = {
    append(given: readonly LogRecord[]) {
      appended += given.length;
      return appended;
    },
    onDurable(callback: (position: number) => void) {
      tell = callback;
    },
  } as unknown as Journal;
  const journal = new MeteredJournal(inner, clock);
  const positions: number[] = [];
  journal.onDurable((position) => positions.push(position));
  return { clock, journal, positions, durable: (position: number) => tell(position) };
}

t.test(
  'a batch is timed from its first record, the next from the end of the one before',
  async (t) => {
    const { clock, journal, positions, durable } = setUp();
    t.equal(journal.append(records), 2);
    clock.advance(3);
    journal.append(records);
    clock.advance(2);
    durable(2);
    clock.advance(4);
    durable(4);
    clock.advance(1_000);
    journal.append(records);
    clock.advance(1);
    durable(6);
    t.same(positions, [2, 4, 6], 'what is durable is told on');
    t.equal(journal.syncs.count, 3);
    const sum = journal.syncs.values().at(-1) ?? 0;
    t.ok(Math.abs(sum - 0.01) < 1e-9, `5 + 4 + 1 ms, without the silence between: ${sum} s`);
  },
);

t.test('a member reports its log metrics, and each lead once', async (t) => {
  const { journal } = setUp();
  const metrics = new MemberMetrics('order-1', 'order', journal.syncs);
  const status = {
    ...{ id: 'order-1', role: 'leader', serving: true, epoch: 3, leader: 'order-1' },
    ...{ logEnd: { epoch: 3, seq: 12 }, commit: 10, applied: 9, incarnation: 'i' },
    ...{ oldestUncommittedMs: 1_500, diskSilentMs: 20 },
  } as GroupStatus;
  metrics.roleChanged(status);
  metrics.roleChanged(status);
  metrics.roleChanged({ ...status, role: 'follower' });
  metrics.roleChanged({ ...status, epoch: 5 });
  for (let count = 0; count < 9; count++) metrics.applied();
  const told = new Map(
    metrics.samples(status).map(([name, labels, value]) => {
      t.same(labels, ['order-1', 'order'], name);
      return [name, value];
    }),
  );
  t.equal(told.get('bazar_elections_won_total'), 2);
  t.equal(told.get('bazar_is_leader'), 1);
  t.equal(told.get('bazar_epoch'), 3);
  t.equal(told.get('bazar_uncommitted_entries'), 2);
  t.equal(told.get('bazar_entries_applied_total'), 9);
  t.equal(told.get('bazar_oldest_uncommitted_seconds'), 1.5);
  t.equal(told.get('bazar_disk_silent_seconds'), 0.02);
});
