/** The leader's answers to its followers. */
import t from 'tap';
import { logLimits } from '../../../src/base/limits.js';
import { FollowRequests } from '../../../src/group/sql/follow-requests.js';
import { Lead } from '../../../src/group/sql/lead.js';
import { RecentEntries } from '../../../src/group/sql/recent-entries.js';
import { allSqlRules } from '../../../src/group/sql/sql-rules.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { entryAt, turn } from './fake-database.js';

const waitMs = 250;

function start() {
  const clock = new ManualClock();
  const log = new RecentEntries({ seq: 2, epoch: 1, time: 0 });
  for (const seq of [3, 4, 5]) log.append(entryAt(seq, 2));
  const committed = { seq: 5, epoch: 2, time: 0 };
  const lead = new Lead({ epoch: 3, electedMs: 0, end: committed, committed, gated: true });
  const requests = new FollowRequests({ clock, log, rules: allSqlRules });
  requests.attended();
  return { clock, log, lead, requests };
}

t.test('visible entries are answered at once', async (t) => {
  const { lead, requests } = start();
  lead.openGates(4);
  t.match(await requests.add([2, 1], lead), ['entries', 3, 4, true, [[3], [4]]]);
});

t.test('a request waits for visible entries', async (t) => {
  const { lead, requests } = start();
  let answer: unknown;
  void requests.add([2, 1], lead).then((given) => {
    answer = given;
  });
  requests.wake();
  await turn();
  t.equal(answer, undefined);
  lead.openGates(3);
  requests.wake();
  await turn();
  t.match(answer, ['entries', 3, 3, true, [[3]]]);
  requests.wake();
});

t.test('a request without entries is answered late, and only once', async (t) => {
  const { clock, lead, requests } = start();
  lead.openGates(5);
  const late = requests.add([5, 2], lead);
  clock.advance(waitMs);
  t.same(await late, ['entries', 3, 5, true, []]);
  requests.fail(new Error('nothing waits'));
});

t.test('a leader without checks of a frontend says so', async (t) => {
  const { clock, lead, requests } = start();
  clock.advance(750);
  const late = requests.add([5, 2], lead);
  clock.advance(waitMs);
  t.match(await late, ['entries', 3, 0, false, []]);
});

t.test('entries that are not in memory are in the database', async (t) => {
  const { lead, requests } = start();
  lead.openGates(5);
  t.same(await requests.add([1, 1], lead), ['in_database', 3, 5, true]);
});

t.test('a follower with other entries has diverged', async (t) => {
  const { lead, requests } = start();
  t.same(await requests.add([4, 1], lead), ['diverged']);
  t.same(await requests.add([6, 2], lead), ['diverged']);
});

t.test('a follower that knows a newer epoch is not told that it has diverged', async (t) => {
  const { lead, requests } = start();
  await t.rejects(requests.add([6, 4], lead), { code: 'unavailable' });
  await t.rejects(requests.add([4, 4], lead), { code: 'unavailable' });
});

t.test('a limited number of requests waits, and the end of the lead rejects them', async (t) => {
  const { clock, lead, requests } = start();
  const open = Array.from({ length: 64 }, () => requests.add([5, 2], lead));
  await t.rejects(requests.add([5, 2], lead), { code: 'overloaded' });
  const rejected = Promise.all(open.map((one) => one.catch(({ message }) => message)));
  requests.fail(new Error('the lead is lost'));
  t.same(new Set(await rejected), new Set(['the lead is lost']));
  clock.advance(waitMs);
  void requests.add([5, 2], lead).catch(() => {});
  requests.fail(new Error('the end'));
});

t.test('an answer has a limited number of bytes', async (t) => {
  const { log, lead, requests } = start();
  const bytes = logLimits.appendBytesMax / 2;
  for (const seq of [6, 7, 8]) log.append(entryAt(seq, 3, bytes));
  lead.written({ seq: 8, epoch: 3, time: 0 });
  lead.openGates(8);
  const answer = await requests.add([5, 2], lead);
  t.match(answer, ['entries', 3, 8, true]);
  t.equal(answer[0] === 'entries' && answer[4].length, 2);
});
