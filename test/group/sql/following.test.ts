/** A follower: whom it asks, what it applies, and when it cannot go on. */
import t from 'tap';
import { required } from '../../../src/base/assert.js';
import { BazarError } from '../../../src/base/errors.js';
import { logLimits } from '../../../src/base/limits.js';
import type { Entry } from '../../../src/consensus/types.js';
import {
  type FollowAnswer,
  type FollowParams,
  toFields,
} from '../../../src/group/sql/follow-messages.js';
import { Following } from '../../../src/group/sql/following.js';
import { RecentEntries } from '../../../src/group/sql/recent-entries.js';
import { allSqlRules } from '../../../src/group/sql/sql-rules.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { entryAt, FakeDatabase, turn } from './fake-database.js';

interface Request {
  readonly member: string;
  readonly params: FollowParams;
  readonly answer: (answer: FollowAnswer) => void;
  readonly fail: (error: Error) => void;
}

function start(base = { seq: 0, epoch: 0, time: 0 }) {
  const clock = new ManualClock();
  const database = new FakeDatabase();
  const log = new RecentEntries(base);
  const requests: Request[] = [];
  const events: string[] = [];
  let applied = 0;
  const following = new Following({
    ...{ id: 'b', members: ['a', 'b', 'c'], clock, database, rules: allSqlRules, log },
    link: {
      follow: (member, params) =>
        new Promise((answer, fail) => requests.push({ member, params, answer, fail })),
      position: () => Promise.reject(new Error('not asked')),
    },
    applied: () => applied,
    visible: (through) => {
      applied = Math.max(applied, through);
      events.push(`visible ${through}`);
    },
    changed: () => events.push(`leader ${following.leader}`),
    failed: (reason) => events.push(`failed: ${reason}`),
  });
  const last = (): Request => required(requests.at(-1), 'a request');
  const answer = async (given: FollowAnswer): Promise<void> => {
    last().answer(given);
    await turn();
  };
  const fail = async (leader?: string): Promise<void> => {
    const details = leader === undefined ? {} : { leader };
    last().fail(new BazarError('unavailable', 'it does not lead', { details }));
    await turn();
    clock.advance(50);
    await turn();
  };
  const read = async (...entries: Entry[]): Promise<void> => {
    required(database.reads.at(-1), 'a read').answer(entries);
    await turn();
  };
  following.start();
  return { clock, database, log, requests, events, following, last, answer, fail, read };
}

function entries(visible: number, ...given: Entry[]): FollowAnswer {
  return ['entries', 1, visible, true, given.map(toFields)];
}

t.test('without a leader it asks the members in turn, and those that are named', async (t) => {
  const { requests, following, fail, answer, last } = start();
  await fail();
  await fail();
  await fail('c');
  t.same(
    requests.map(({ member }) => member),
    ['a', 'c', 'a', 'c'],
    'never itself',
  );
  following.hint('a');
  await fail();
  t.equal(last().member, 'a', 'the nominee comes next');
  await answer(entries(0));
  t.equal(following.leader, 'a');
  following.hint('c');
  await answer(entries(0));
  t.equal(last().member, 'a', 'a leader that answers stays');
});

t.test('it applies what is visible, and asks after its last entry', async (t) => {
  const { events, log, last, answer } = start();
  t.same(last().params, [0, 0]);
  await answer(entries(2, entryAt(1), entryAt(2)));
  t.same(last().params, [2, 1]);
  await answer(entries(9, entryAt(3)));
  t.same(events, ['leader a', 'visible 2', 'visible 3']);
  await answer(entries(5, entryAt(5)));
  t.equal(log.last.seq, 3, 'an answer with a gap is no answer of a leader');
  t.equal(events.at(-1), 'leader undefined');
});

t.test('a leader counts as served while it answers and says that it is healthy', async (t) => {
  const { clock, following, answer, fail } = start();
  t.notOk(following.isServed);
  await answer(entries(0));
  t.ok(following.isServed);
  clock.advance(500);
  t.notOk(following.isServed);
  await answer(['entries', 1, 0, false, []]);
  t.notOk(following.isServed, 'its database is silent, or no frontend checks it');
  await answer(entries(0));
  t.ok(following.isServed);
  await fail();
  t.notOk(following.isServed, 'a lost leader counts at once');
});

t.test('a log that differs ends the process', async (t) => {
  const { events, answer } = start();
  await answer(['diverged']);
  t.match(events, [/^failed: its log differs/]);
});

t.test('entries from the database are visible with the next answer', async (t) => {
  const { database, events, log, last, answer, read } = start({ seq: 4, epoch: 1, time: 0 });
  await answer(['in_database', 1, 7, true]);
  t.match(required(database.reads[0], 'a read').question, { afterSeq: 3 }, 'and its last entry');
  await read(entryAt(4), entryAt(5), entryAt(6), entryAt(7), entryAt(8));
  t.equal(log.last.seq, 7, 'not beyond what the leader has said');
  t.same(events, ['leader a']);
  t.same(last().params, [7, 1]);
  await answer(entries(8, entryAt(8)));
  t.equal(events.at(-1), 'visible 8');
});

t.test('entries from a server that lacks them are asked for again', async (t) => {
  const { clock, database, events, last, answer, read } = start({ seq: 4, epoch: 1, time: 0 });
  await answer(['in_database', 1, 7, true]);
  await read(entryAt(4));
  clock.advance(50);
  await turn();
  t.same(last().params, [4, 1]);
  await answer(['in_database', 1, 7, true]);
  t.equal(database.reads.length, 2);
  t.notOk(events.some((event) => event.startsWith('failed')));
});

t.test('its last entry may have been deleted, but none after it', async (t) => {
  const deleted = start({ seq: 4, epoch: 1, time: 0 });
  await deleted.answer(['in_database', 1, 6, true]);
  await deleted.read(entryAt(5), entryAt(6));
  t.equal(deleted.log.last.seq, 6);
  for (const first of [entryAt(4, 2), entryAt(6)]) {
    const { events, answer, read } = start({ seq: 4, epoch: 1, time: 0 });
    await answer(['in_database', 1, 7, true]);
    await read(first);
    t.match(events.at(-1), /^failed: the database does not continue/);
  }
});

t.test('an answer to an earlier start has no effect', async (t) => {
  const { events, log, requests, following } = start();
  following.stop();
  following.start();
  t.equal(requests.length, 2);
  required(requests[0], 'a request').answer(entries(1, entryAt(1)));
  await turn();
  t.equal(log.last.seq, 0);
  t.same(events, []);
  following.stop();
  required(requests[1], 'a request').fail(new Error('late'));
  await turn();
  t.equal(requests.length, 2);
});

t.test('it asks no more while too many entries wait to be applied', async (t) => {
  const { clock, requests, log, answer, read } = start();
  const { tailEntriesKept } = logLimits;
  const many = Array.from({ length: tailEntriesKept + 2 }, (_, at) => entryAt(at + 1));
  await answer(['in_database', 1, many.length, true]);
  await read(...many);
  t.equal(log.last.seq, many.length);
  t.equal(requests.length, 1);
  clock.advance(1);
  await turn();
  t.equal(requests.length, 2, 'but what waits for the leader is no reason');
});
