/** Taking, keeping and losing the lead, over a database that is answered by hand. */
import t from 'tap';
import { required } from '../../../src/base/assert.js';
import { silentLogger } from '../../../src/base/logging.js';
import type { Lead } from '../../../src/database/types.js';
import { Leadership, type LeadershipOptions } from '../../../src/group/sql/leadership.js';
import { RecentEntries } from '../../../src/group/sql/recent-entries.js';
import { allSqlRules } from '../../../src/group/sql/sql-rules.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import {
  entryAt,
  FakeDatabase,
  fenced,
  notWritten,
  turn,
  unknown,
  written,
} from './fake-database.js';

const taken: Lead = { epoch: 3, end: { seq: 3, epoch: 2, time: 0 }, session: 5 };

function start(options: Partial<LeadershipOptions> = {}) {
  const clock = new ManualClock();
  const database = new FakeDatabase();
  const log = new RecentEntries({ seq: 0, epoch: 0, time: 0 });
  log.append(entryAt(1, 1));
  const events: string[] = [];
  const leadership = new Leadership({
    ...{ id: 'a', clock, logger: silentLogger, database, rules: allSqlRules, log },
    ...{ gated: true, tables: undefined, takeOver: async () => true },
    began: ({ epoch }) => events.push(`began ${epoch}`),
    committed: ({ commit }) => events.push(`committed ${commit}`),
    ended: (hadLed, retakes) => events.push(`ended ${hadLed} ${retakes}`),
    failed: (reason) => events.push(`failed: ${reason}`),
    ...options,
  });
  const takeover = async (lead: Lead = taken): Promise<void> => {
    required(database.takeovers.at(-1), 'a takeover').answer(lead);
    await turn();
  };
  const read = async (...seqs: [seq: number, epoch: number][]): Promise<void> => {
    const entries = seqs.map(([seq, epoch]) => entryAt(seq, epoch));
    required(database.reads.at(-1), 'a read').answer(entries);
    await turn();
  };
  return { clock, database, log, events, leadership, takeover, read };
}

/** The lead has begun. */
async function lead() {
  const started = start();
  const { database, events, leadership, takeover, read } = started;
  void leadership.take();
  await takeover();
  await read([1, 1], [2, 2], [3, 2]);
  await database.answer(written);
  t.same(events.splice(0), ['began 3', 'committed 4']);
  return started;
}

t.test('a nominee reads the missing entries, and leads with its opening entry', async (t) => {
  const { clock, database, events, leadership, takeover, read } = start();
  void leadership.take();
  t.notOk(leadership.isFollower);
  clock.advance(100);
  await takeover();
  clock.advance(100);
  t.match(required(database.reads[0], 'a read').question, { afterSeq: 0, session: 5 });
  await read([1, 1], [2, 2]);
  t.match(required(database.reads[1], 'a read').question, { afterSeq: 1, session: 5 });
  await read([2, 2], [3, 2]);
  t.match(database.lastWrite, { epoch: 3, session: 5, end: { seq: 3 } });
  t.match(database.lastWrite.entries, [{ seq: 4, epoch: 3, command: { length: 0 } }]);
  t.equal(leadership.lead, undefined, 'it does not lead yet');
  await database.answer(written);
  t.same(events, ['began 3', 'committed 4']);
  const begun = required(leadership.lead, 'a lead');
  t.equal(begun.electedMs, 100, 'the time at which the takeover had committed');
  t.equal(begun.visible, 0, 'all gates are closed');
  begun.openGates(3);
  t.equal(begun.visible, 3);
  begun.openGates(9);
  t.equal(begun.visible, 4, 'nothing is visible that is not committed');
});

t.test('rows that were deleted are not missed if the log here has them', async (t) => {
  const { database, events, leadership, takeover, read } = start();
  void leadership.take();
  await takeover();
  await read([2, 2], [3, 2]);
  await database.answer(written);
  t.same(events, ['began 3', 'committed 4']);
});

for (const [what, entries] of [
  ['another entry at the same place', [[1, 2]]],
  ['a gap', [[3, 2]]],
  [
    'another end',
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
  ],
] as [string, [number, number][]][]) {
  t.test(`a nominee fails if the log in the database has ${what}`, async (t) => {
    const { database, events, leadership, takeover, read } = start();
    void leadership.take();
    await takeover();
    await read(...entries);
    t.match(events, [/^failed: its log differs/]);
    t.equal(database.writes.length, 0);
  });
}

t.test('a nominee fails if its log is longer, or its epoch old', async (t) => {
  const longer = start();
  void longer.leadership.take();
  await longer.takeover({ ...taken, end: { seq: 0, epoch: 0, time: 0 } });
  t.match(longer.events, [/^failed/]);
  const old = start();
  void old.leadership.take();
  await old.takeover({ ...taken, epoch: 2 });
  await old.read([1, 1], [2, 2], [3, 2]);
  t.match(old.events, [/^failed: its epoch/]);
});

t.test('a failed takeover ends, and what it read does not stay in the log', async (t) => {
  const { database, log, events, leadership, takeover, read } = start();
  void leadership.take();
  await takeover();
  await read([1, 1], [2, 2], [3, 2]);
  await database.answer(notWritten);
  t.same(events, ['ended false false'], 'it waits for another nomination');
  t.match(log.last, { seq: 1 });
  t.ok(leadership.isFollower);
  t.match(leadership.candidacy(0).failure, { reason: 'unconfirmed' });
  void leadership.take();
  required(database.takeovers.at(-1), 'a takeover').fail(new Error('no connection'));
  await turn();
  t.same(events, ['ended false false', 'ended false false']);
});

t.test('a fenced leader follows, and forgets what is not committed', async (t) => {
  const { clock, database, log, events, leadership } = await lead();
  const own = required(leadership.lead, 'a lead');
  t.equal(leadership.append(own, new Uint8Array(1), clock.nowMs()), 5);
  own.writer?.pump();
  await database.answer(fenced);
  t.same(events, ['ended true false']);
  t.match(log.last, { seq: 4, epoch: 3 });
  t.equal(leadership.lead, undefined);
});

t.test('an unknown commit begins another takeover, also if a listener nominates', async (t) => {
  const started = await lead();
  const { clock, database, events, leadership, takeover, read } = started;
  const own = required(leadership.lead, 'a lead');
  leadership.append(own, new Uint8Array(1), clock.nowMs());
  own.writer?.pump();
  await database.answer(unknown);
  t.same(events.splice(0), ['ended true true']);
  t.equal(database.takeovers.length, 2);
  await takeover({ epoch: 4, end: { seq: 5, epoch: 3, time: 0 }, session: 6 });
  await read([4, 3], [5, 3]);
  t.match(database.lastWrite, { epoch: 4, session: 6, entries: [{ seq: 6, epoch: 4 }] });
  await database.answer(written);
  t.same(events, ['began 4', 'committed 6'], 'the unknown entry is in the log');
});

t.test('a listener that nominates at once does not cause two takeovers', async (t) => {
  const leadership: Leadership[] = [];
  const { database, clock, takeover, read, ...rest } = start({
    ended: () => void leadership[0]?.take(),
  });
  leadership.push(rest.leadership);
  void rest.leadership.take();
  await takeover();
  await read([1, 1], [2, 2], [3, 2]);
  await database.answer(written);
  const own = required(rest.leadership.lead, 'a lead');
  rest.leadership.append(own, new Uint8Array(1), clock.nowMs());
  own.writer?.pump();
  await database.answer(unknown);
  t.equal(database.takeovers.length, 2);
});

t.test('what is answered after a stop has no effect', async (t) => {
  const { database, events, leadership, takeover } = start();
  void leadership.take();
  leadership.stop();
  await takeover();
  t.equal(database.reads.length, 0);
  const leader = await lead();
  const own = required(leader.leadership.lead, 'a lead');
  leader.leadership.append(own, new Uint8Array(1), 0);
  own.writer?.pump();
  leader.leadership.stop();
  t.equal(leader.leadership.lead, undefined);
  await leader.database.answer(unknown);
  t.same([...events, ...leader.events], []);
  t.equal(leader.database.takeovers.length, 1);
});

t.test(
  'a takeover under way is reported for a second, so that no frontend fences it',
  async (t) => {
    const { clock, database, leadership, takeover, read } = start();
    t.same(leadership.candidacy(clock.nowMs()), {});
    void leadership.take();
    await takeover();
    await read([1, 1], [2, 2], [3, 2]);
    clock.advance(900);
    t.same(
      leadership.candidacy(clock.nowMs()),
      { phase: 'prepare' },
      'it writes its opening entry',
    );
    clock.advance(200);
    t.same(leadership.candidacy(clock.nowMs()), {}, 'the database is silent: another may try');
    await database.answer(fenced);
    t.match(leadership.candidacy(clock.nowMs()), { failure: { reason: 'unconfirmed', agoMs: 0 } });
  },
);
