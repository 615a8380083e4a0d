import t from 'tap';
import { Elector, type Health } from '../../../src/frontend/detector/elector.js';

function health(id: string, overrides: Partial<Health> = {}): Health {
  return {
    id,
    role: 'follower',
    serving: false,
    epoch: 1,
    leader: undefined,
    logEnd: { epoch: 1, seq: 10 },
    commit: 10,
    applied: 10,
    oldestUncommittedMs: 0,
    diskSilentMs: 0,
    incarnation: 'x',
    candidacy: {},
    pid: 1,
    ...overrides,
  };
}

const members = ['order-1', 'order-2', 'order-3'];

t.test('with a healthy serving leader no replica is nominated', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-1', health('order-1', { role: 'leader', serving: true }), 0);
  elector.answered('order-3', health('order-3'), 0);
  t.equal(elector.leader(100)?.id, 'order-1');
  t.equal(elector.nominate(100), undefined);
});

t.test('of two replicas that claim to lead, the one with the higher epoch leads', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-1', health('order-1', { role: 'leader', serving: true, epoch: 3 }), 0);
  elector.answered('order-2', health('order-2', { role: 'leader', serving: true, epoch: 2 }), 0);
  t.equal(elector.leader(0)?.id, 'order-1');
});

t.test(
  'the highest id among the most up to date is nominated, and all healthy ones get it',
  async (t) => {
    const elector = new Elector(members);
    elector.answered('order-1', health('order-1'), 0);
    elector.answered('order-2', health('order-2'), 0);
    elector.answered('order-3', health('order-3', { logEnd: { epoch: 1, seq: 9 } }), 0);
    t.same(elector.nominate(0), { leader: 'order-2', tell: ['order-2', 'order-1', 'order-3'] });
  },
);

t.test('a newer epoch takes precedence over a longer log', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-1', health('order-1', { logEnd: { epoch: 2, seq: 5 } }), 0);
  elector.answered('order-3', health('order-3', { logEnd: { epoch: 1, seq: 50 } }), 0);
  t.equal(elector.nominate(0)?.leader, 'order-1');
});

t.test('ids are compared as numbers, not as text', async (t) => {
  const elector = new Elector(['order-9', 'order-10']);
  elector.answered('order-9', health('order-9'), 0);
  elector.answered('order-10', health('order-10'), 0);
  t.equal(elector.nominate(0)?.leader, 'order-10');
});

t.test('a frontend nominates no silent replica and none with a stuck log', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-1', health('order-1'), 1_000);
  elector.answered('order-2', health('order-2', { oldestUncommittedMs: 2_500 }), 1_000);
  elector.answered('order-3', health('order-3'), 0);
  t.equal(elector.nominate(1_000)?.leader, 'order-1');
  const hung = { diskSilentMs: 1_200, logEnd: { epoch: 1, seq: 11 } };
  elector.answered('order-3', health('order-3', hung), 2_000);
  elector.answered('order-1', health('order-1'), 2_000);
  t.equal(elector.nominate(2_000)?.leader, 'order-1', 'a longer log on a hung disk is no help');
});

t.test('a learner is nominated only if no voter answers', async (t) => {
  const elector = new Elector(members);
  const longest = { role: 'learner', logEnd: { epoch: 9, seq: 90 } } as const;
  elector.answered('order-1', health('order-1'), 0);
  elector.answered('order-2', health('order-2', longest), 0);
  t.equal(elector.nominate(0)?.leader, 'order-1');
  elector.lost('order-1');
  t.equal(elector.nominate(1_000)?.leader, undefined, 'it has not answered for a while');
  elector.answered('order-2', health('order-2', longest), 1_000);
  t.equal(elector.nominate(1_000)?.leader, 'order-2');
});

t.test('a leader that stops answering is replaced', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-3', health('order-3', { role: 'leader', serving: true }), 0);
  elector.answered('order-2', health('order-2'), 600);
  t.equal(elector.leader(600), undefined);
  t.equal(elector.nominate(600)?.leader, 'order-2');
});

t.test('a nominee gets time to win, but a lost leader is replaced at once', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-2', health('order-2'), 0);
  t.ok(elector.nominate(0));
  t.equal(elector.nominate(100), undefined);
  elector.answered('order-3', health('order-3', { role: 'leader', serving: true }), 110);
  elector.lost('order-3');
  t.equal(elector.nominate(120)?.leader, 'order-2');
});

/** What a replica reports of a candidacy that failed just now. */
function failed(id: string, overrides: Partial<Health> = {}): Health {
  const failure = { reason: 'unreachable', agoMs: 0 } as const;
  return health(id, { candidacy: { failure }, ...overrides });
}

t.test('after a nominee reports a failure, the next candidate is nominated at once', async (t) => {
  const elector = new Elector(members);
  const longest = { logEnd: { epoch: 1, seq: 11 } };
  elector.answered('order-1', health('order-1', longest), 0);
  for (const id of ['order-2', 'order-3']) elector.answered(id, health(id), 0);
  t.equal(elector.nominate(0)?.leader, 'order-1');
  elector.answered('order-1', failed('order-1', longest), 160);
  t.equal(elector.nominate(160)?.leader, 'order-3');
  elector.answered('order-3', failed('order-3'), 200);
  t.equal(elector.nominate(200)?.leader, 'order-2');
});

t.test('if all have failed, each is nominated again, the oldest failure first', async (t) => {
  const elector = new Elector(members);
  for (const [at, id] of ['order-2', 'order-3', 'order-1'].entries()) {
    elector.answered(id, failed(id), at);
  }
  t.equal(elector.nominate(10)?.leader, 'order-2');
  elector.answered('order-2', failed('order-2'), 160);
  t.equal(elector.nominate(160), undefined, 'not in a busy loop');
  t.equal(elector.nominate(310)?.leader, 'order-3');
});

t.test('a leader that stepped down without a majority ranks last', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-3', health('order-3', { role: 'leader', serving: true }), 0);
  for (const id of ['order-1', 'order-2']) elector.answered(id, health(id), 100);
  elector.answered('order-3', failed('order-3', { logEnd: { epoch: 1, seq: 12 } }), 100);
  t.equal(elector.nominate(100)?.leader, 'order-2');
});

t.test('a candidacy in progress is not disturbed while it may succeed', async (t) => {
  const elector = new Elector(members);
  for (const id of members) elector.answered(id, health(id), 0);
  t.equal(elector.nominate(0)?.leader, 'order-3');
  for (let ms = 100; ms <= 2_000; ms += 100) {
    for (const id of members) elector.answered(id, health(id), ms);
    elector.answered('order-3', health('order-3', { candidacy: { phase: 'catch-up' } }), ms);
    t.equal(elector.nominate(ms), undefined);
  }
  const other = new Elector(members);
  for (const id of members) other.answered(id, health(id), 0);
  other.answered('order-1', health('order-1', { candidacy: { phase: 'prepare' } }), 0);
  t.equal(other.nominate(0), undefined, 'of another frontend’s nominee');
  other.answered('order-1', failed('order-1'), 20);
  const again = { ...failed('order-1').candidacy, phase: 'prepare' } as const;
  other.answered('order-1', health('order-1', { candidacy: again }), 40);
  t.equal(
    other.nominate(40)?.leader,
    'order-3',
    'one that fails again and again is not waited for',
  );
});

t.test('a nominee that starts no candidacy, or is lost, counts as failed', async (t) => {
  const elector = new Elector(members);
  for (const id of members) elector.answered(id, health(id), 0);
  t.equal(elector.nominate(0)?.leader, 'order-3');
  t.equal(elector.nominate(200), undefined);
  t.equal(elector.nominate(300)?.leader, 'order-2');
  elector.lost('order-2');
  t.equal(elector.nominate(310)?.leader, 'order-1');
});

t.test('a nominee of the previous build, which reports nothing, gets its full time', async (t) => {
  const elector = new Elector(members);
  for (let ms = 0; ms <= 1_200; ms += 100) {
    for (const id of members) elector.answered(id, health(id, { candidacy: undefined }), ms);
    const wanted = ms === 0 ? 'order-3' : ms < 1_200 ? undefined : 'order-2';
    t.equal(elector.nominate(ms)?.leader, wanted);
  }
});

t.test('a failure expires after a time, and when the replica follows a leader', async (t) => {
  const elector = new Elector(members);
  elector.answered('order-3', failed('order-3'), 0);
  elector.answered('order-1', health('order-1'), 0);
  t.equal(elector.nominate(0)?.leader, 'order-1');
  elector.answered('order-3', health('order-3', { leader: 'order-1' }), 100);
  t.equal(elector.nominate(100), undefined, 'the nominee may still begin');
  t.equal(elector.nominate(400)?.leader, 'order-3');
  const later = new Elector(members);
  later.answered('order-3', failed('order-3'), 0);
  later.answered('order-1', health('order-1'), 6_000);
  later.answered('order-3', health('order-3'), 6_000);
  t.equal(later.nominate(6_000)?.leader, 'order-3');
});

t.test('without the memory of failures an unreachable replica is nominated forever', async (t) => {
  const elector = new Elector(members, { remembersFailures: false });
  const longest = { logEnd: { epoch: 1, seq: 11 } };
  for (let ms = 0; ms < 5_000; ms += 300) {
    elector.answered('order-1', failed('order-1', longest), ms);
    for (const id of ['order-2', 'order-3']) elector.answered(id, health(id), ms);
    t.equal(elector.nominate(ms)?.leader, 'order-1');
  }
});

t.test('readers exclude learners and replicas that lag or do not answer', async (t) => {
  const elector = new Elector([...members, 'order-4', 'order-5']);
  t.same(elector.readers(0), []);
  const commit = 10_000;
  const near = { commit, applied: commit };
  elector.answered('order-1', health('order-1', { role: 'leader', serving: true, ...near }), 400);
  elector.answered('order-2', health('order-2', { commit, applied: commit - 100 }), 400);
  elector.answered('order-3', health('order-3', { commit, applied: 10 }), 400);
  elector.answered('order-4', health('order-4', { role: 'learner', ...near }), 400);
  elector.answered('order-5', health('order-5', { epoch: 0, ...near }), 400);
  t.same(elector.readers(400), ['order-1', 'order-2']);
  elector.answered('order-1', health('order-1', { role: 'leader', serving: true, ...near }), 800);
  t.same(elector.readers(1_000), ['order-1'], 'the other has not answered for 600 ms');
});
