import t from 'tap';
import type { CacheHolder } from '../../../src/catalog/coherence/cache-sessions.js';
import { VisibilityGates } from '../../../src/catalog/coherence/visibility-gates.js';
import type { WriteSet } from '../../../src/catalog/machine/write-set.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const leaseMs = 1_000;
/** By when a lease has run out at the leader, for certain. */
const spanMs = 1_080;

interface FakeHolder extends CacheHolder {
  readonly told: { seq: number; ids: readonly number[] }[];
  acknowledge(): void;
}

function holder(process: string): FakeHolder {
  const pending: (() => void)[] = [];
  const told: { seq: number; ids: readonly number[] }[] = [];
  return {
    process,
    told,
    invalidate(seq, { ids }, acknowledged) {
      told.push({ seq, ids });
      pending.push(acknowledged);
    },
    push() {},
    acknowledge: () => pending.shift()?.(),
  };
}

/** Gates of the first leader, with product 8 in every cache. */
function build() {
  const clock = new ManualClock();
  const opened: number[] = [];
  const gates = new VisibilityGates({ clock, open: (seq) => opened.push(seq) });
  gates.startLeading(0, 0, 0);
  let attempts = 0;
  return {
    ...{ clock, gates, opened },
    join(one: CacheHolder): number {
      attempts += 1;
      gates.sessions.dropped(one.process, attempts);
      gates.grant(8, 'Tux');
      return gates.sessions.begin(one, gates.appendedSeq, clock.nowMs());
    },
    /** Whether the lease is granted; undefined while that is open. */
    renew(one: CacheHolder, sessionNumber: number): { granted?: boolean } {
      const answer: { granted?: boolean } = {};
      const sent = gates.sessions.sentTo(one.process, sessionNumber) ?? 0;
      const done = (granted: boolean): void => {
        answer.granted = granted;
      };
      gates.sessions.renew(one.process, sessionNumber, { sent, done }, clock.nowMs());
      return answer;
    },
  };
}

const none: WriteSet = { ids: [], changedNames: [], stableNames: [], topics: [] };
const tux: WriteSet = { ...none, ids: [8] };

t.test('with no session a gate opens at once', async (t) => {
  const { gates, opened } = build();
  gates.appended(1, tux);
  t.same(opened, [1]);
});

t.test('a gate waits for the slowest frontend', async (t) => {
  const { gates, opened, join } = build();
  const [one, two] = [holder('a'), holder('b')];
  join(one);
  join(two);
  gates.appended(1, tux);
  t.same(one.told, [{ seq: 1, ids: [8] }]);
  one.acknowledge();
  t.same(opened, []);
  two.acknowledge();
  t.same(opened, [1]);
  gates.invariants();
});

t.test('an entry that touches nothing waits for the entries before it', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('a');
  join(one);
  gates.appended(1, tux);
  gates.appended(2, none);
  t.same(opened, []);
  t.equal(one.told.length, 1, 'nothing is sent for it');
  one.acknowledge();
  t.same(opened, [2]);
});

t.test('acknowledgements of a pipeline open one gate after another', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('a');
  join(one);
  gates.appended(1, tux);
  gates.appended(2, none);
  gates.grant(8, 'Tux');
  gates.appended(3, tux);
  one.acknowledge();
  t.same(opened, [2]);
  one.acknowledge();
  t.same(opened, [2, 3]);
});

t.test('entries appended before a session do not wait for it', async (t) => {
  const { gates, opened, join } = build();
  const [one, late] = [holder('a'), holder('b')];
  join(one);
  gates.appended(1, tux);
  join(late);
  t.same(late.told, []);
  one.acknowledge();
  t.same(opened, [1]);
});

t.test('a gate waits for a silent frontend until its lease expires, and no longer', async (t) => {
  const { gates, clock, opened, join, renew } = build();
  const one = holder('a');
  const sessionNumber = join(one);
  clock.advance(200);
  t.equal(renew(one, sessionNumber).granted, true);
  clock.advance(500);
  gates.appended(1, tux);
  clock.advance(spanMs - 500 - 1);
  t.same(opened, [], 'longer than it holds the lease itself, by what clocks may differ');
  clock.advance(1);
  t.same(opened, [1]);
  t.equal(renew(one, sessionNumber).granted, false, 'it must begin a new session');
});

t.test('a lease is not renewed while an earlier invalidation is unacknowledged', async (t) => {
  const { gates, clock, opened, join, renew } = build();
  const one = holder('a');
  const sessionNumber = join(one);
  gates.appended(1, tux);
  clock.advance(900);
  const late = renew(one, sessionNumber);
  t.same(late, {});
  clock.advance(spanMs - 900);
  t.same(opened, [1], 'a write waits for one lease, however often it is renewed');
  t.equal(late.granted, false);
});

t.test('an invalidation sent after a renewal request does not delay it', async (t) => {
  const { gates, clock, join, renew } = build();
  const one = holder('a');
  const sessionNumber = join(one);
  gates.appended(1, tux);
  const renewal = renew(one, sessionNumber);
  gates.grant(8, 'Tux');
  gates.appended(2, tux);
  t.same(renewal, {});
  clock.advance(100);
  one.acknowledge();
  t.equal(renewal.granted, true);
  clock.advance(spanMs - 1);
  gates.advance();
  t.equal(gates.sessions.has('a'), true, 'from the moment of the grant');
});

t.test('a closed connection opens no gate: the frontend may not have noticed', async (t) => {
  const { gates, clock, opened, join } = build();
  const one = holder('a');
  join(one);
  gates.sessions.closed(one);
  gates.appended(1, tux);
  gates.advance();
  t.same(opened, []);
  clock.advance(spanMs);
  t.same(opened, [1]);
});

t.test('a process that begins a new session has dropped its grants', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('a');
  const sessionNumber = join(one);
  gates.appended(1, tux);
  t.equal(gates.sessions.dropped('a', 2), true);
  gates.advance();
  t.same(opened, [1]);
  t.not(join(holder('a')), sessionNumber, 'and gets another session number');
});

t.test('a late session request drops nothing', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('a');
  join(one);
  join(one);
  gates.appended(1, tux);
  t.equal(gates.sessions.dropped('a', 1), false);
  gates.advance();
  t.same(opened, []);
});

t.test(
  'a new leader waits for all processes with possible grants of a former leader',
  async (t) => {
    const { gates, clock, opened } = build();
    gates.startLeading(7, 4, clock.nowMs() + spanMs);
    gates.sessions.expect(['a', 'b']);
    gates.advance();
    t.same(opened, [], 'what it has not applied may contradict a cache');
    gates.sessions.dropped('a', 1);
    gates.advance();
    gates.appended(8, none);
    t.same(opened, []);
    gates.sessions.dropped('b', 1);
    gates.advance();
    t.same(opened, [8], 'and opens early when all have come');
  },
);

t.test('a new leader waits no longer than any lease can last', async (t) => {
  const { gates, clock, opened } = build();
  gates.startLeading(7, 4, clock.nowMs() + spanMs);
  gates.sessions.expect(['dead']);
  clock.advance(spanMs - 1);
  gates.appended(8, tux);
  t.same(opened, []);
  clock.advance(1);
  t.same(opened, [8]);
});

t.test('a new leader waits for all processes until it knows the lease holders', async (t) => {
  const { gates, clock, opened } = build();
  gates.startLeading(7, 4, clock.nowMs() + spanMs);
  gates.sessions.dropped('a', 1);
  gates.advance();
  t.same(opened, []);
  gates.sessions.expect(['a']);
  gates.advance();
  t.same(opened, [7], 'no gate waits for a process that started a session meanwhile');
});

t.test('a leader that never learns the lease holders opens its gates in the end', async (t) => {
  const { gates, clock, opened } = build();
  gates.startLeading(7, 4, clock.nowMs() + leaseMs);
  clock.advance(leaseMs);
  t.same(opened, [7]);
});

t.test('a gate waits for each session only until its own lease expires', async (t) => {
  const { gates, clock, opened, join, renew } = build();
  const [short, long] = [holder('a'), holder('b')];
  join(short);
  const sessionNumber = join(long);
  clock.advance(600);
  renew(long, sessionNumber);
  gates.appended(1, tux);
  long.acknowledge();
  clock.advance(spanMs - 600);
  t.same(opened, [1]);
});

t.test('an item is not cacheable until every entry that touches it is applied', async (t) => {
  const { gates } = build();
  gates.appended(1, tux);
  gates.appended(2, { ...none, ids: [8], changedNames: ['Whale'] });
  gates.applied(1);
  t.equal(gates.isCacheable(8, undefined), false);
  t.equal(gates.isCacheable(9, 'Whale'), false);
  t.equal(gates.isCacheable(9, 'Tux'), true);
  gates.applied(2);
  t.equal(gates.isCacheable(8, undefined), true);
  t.equal(gates.isCacheable(9, 'Whale'), true);
});

t.test('a name that a sale refers to is undecided, but not invalidated', async (t) => {
  const { gates, join } = build();
  const one = holder('a');
  join(one);
  gates.appended(1, { ...none, stableNames: ['Tux'] });
  t.equal(gates.isCacheable(8, 'Tux'), false);
  t.same(one.told, []);
  gates.applied(1);
  t.equal(gates.isCacheable(8, 'Tux'), true);
  gates.invariants();
});

t.test('pending write sets are available for entries that may reach what they touch', async (t) => {
  const { gates } = build();
  gates.appended(1, tux);
  gates.appended(2, { ...none, ids: [9], changedNames: ['Whale'], topics: ['toys'] });
  gates.applied(1);
  t.same(gates.undecided(), {
    ids: [9],
    changedNames: ['whale'],
    stableNames: [],
    topics: ['toys'],
  });
});

t.test('an item without a grant since its last invalidation costs no message', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('a');
  join(one);
  gates.appended(1, tux);
  gates.appended(2, tux);
  t.equal(one.told.length, 1);
  t.same(opened, [], 'and waits for the message that is under way');
  one.acknowledge();
  t.same(opened, [2]);
  gates.grant(8, 'Tux');
  gates.appended(3, tux);
  t.equal(one.told.length, 2);
  t.same(opened, [2], 'until it is answered as cacheable again');
});

t.test('a change invalidates the lists of its topic', async (t) => {
  const { gates, join } = build();
  const one = holder('a');
  join(one);
  gates.grantTopic('toys');
  gates.appended(1, { ...none, topics: ['books'] });
  t.equal(one.told.length, 0);
  t.equal(gates.isTopicCacheable('books'), false);
  gates.appended(2, { ...none, topics: ['toys'] });
  t.equal(one.told.length, 1);
});

t.test('grants of names and topics are limited in number', async (t) => {
  const { gates } = build();
  for (let i = 0; i < 65_536; i++) {
    gates.grantTopic(`topic ${i}`);
    gates.grant(undefined, `name ${i}`);
    gates.grant(100 + i, undefined);
  }
  t.equal(gates.grantTopic('another'), false);
  t.equal(gates.grantTopic('topic 5'), true, 'it is remembered already');
  t.equal(gates.grantTopic(''), true, 'lists by text alone always have room');
  t.equal(gates.grant(undefined, 'another'), false);
  t.equal(gates.grant(99, undefined), true, 'all ids without a product are one item');
  const writeSet = { ...none, ids: [0], topics: ['', 'another', 'topic 5'] };
  t.same(gates.grants.take(writeSet), { ...none, ids: [0], topics: ['', 'topic 5'] });
  t.same(gates.grants.take(writeSet), none, 'and are returned once');
  t.equal(gates.grantTopic('another'), true, 'there is room again');
});

t.test('a former leader waits for no session and drops all grants', async (t) => {
  const { gates, clock, opened, join, renew } = build();
  const one = holder('a');
  const sessionNumber = join(one);
  gates.appended(1, tux);
  const renewal = renew(one, sessionNumber);
  gates.resign();
  t.equal(renewal.granted, false);
  clock.advance(10 * spanMs);
  t.same(opened, [], 'what it appended is not its own to show');
  t.equal(gates.sessions.size, 0);
});

t.test('an entry that touches everything waits until each session has begun again', async (t) => {
  const { gates, opened, join, renew } = build();
  const [one, two] = [holder('a'), holder('b')];
  const sessionNumber = join(one);
  join(two);
  const open = renew(one, sessionNumber);
  gates.appended(1, tux);
  const asked = renew(one, sessionNumber);
  t.same([open.granted, asked.granted], [true, undefined]);
  gates.grant(9, 'Whale');
  gates.appended(2, { ...none, all: true });
  t.equal(asked.granted, false, 'no session is renewed any more');
  one.acknowledge();
  two.acknowledge();
  t.same(opened, [1]);
  t.notOk(gates.isCacheable(9, 'Whale'));
  t.notOk(gates.isTopicCacheable('toys'));
  t.ok(gates.undecided().all);
  t.equal(renew(one, sessionNumber).granted, false);
  join(one);
  t.same(opened, [1]);
  join(two);
  gates.advance();
  t.same(opened, [1, 2]);
  gates.applied(1);
  gates.applied(2);
  t.ok(gates.isCacheable(9, 'Whale'));
  gates.invariants();
});

t.test('without grants, an entry that touches everything ends no session', async (t) => {
  const { gates, opened } = build();
  const one = holder('a');
  gates.sessions.begin(one, 0, 0);
  gates.appended(1, { ...none, all: true });
  t.same(opened, [1]);
});
