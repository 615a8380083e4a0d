/** What is told between two looks at a store. */
import t from 'tap';
import { Happenings } from '../../../src/cli/status/happenings.js';
import type { MemberStatus, StoreStatus } from '../../../src/frontend/types.js';

type Role = MemberStatus['role'];

function store(...roles: readonly Role[]): StoreStatus {
  const member = {
    group: 'order',
    kind: 'replica',
    epoch: 1,
    log_end: 1,
    commit: 1,
    pid: 1,
  } as const;
  const members = roles.map((role, i) => ({ ...member, role, name: `order-${i + 1}` }));
  return { members, frontends: [] };
}

function told(...looks: readonly (StoreStatus | string)[]): string[] {
  const happenings = new Happenings();
  for (const look of looks) {
    if (typeof look === 'string') happenings.failed(look, 0);
    else happenings.saw(look, 0);
  }
  return happenings.newest.map(({ text }) => text);
}

t.test('an unchanged state is not an event', async (t) => {
  t.same(told(store('leader', 'down'), store('leader', 'down')), []);
});

t.test('a leader that dies and its successor are events', async (t) => {
  t.same(
    told(
      store('leader', 'follower'),
      store('down', 'follower'),
      store('down', 'leader'),
      store('learner', 'leader'),
      store('follower', 'leader'),
    ),
    [
      'order: no leader',
      'order-1 is gone',
      'order: order-2 is the leader',
      'order-1 is back as a learner',
      'order-1 has caught up and votes',
    ],
  );
});

t.test('frontends that start, fail and stop are events', async (t) => {
  const look = (...frontends: readonly [name: string, state: 'up' | 'down'][]) => ({
    members: [],
    frontends: frontends.map(([name, state]) => ({ name, state, pid: 1, cache: {}, lease: {} })),
  });
  t.same(
    told(
      look(['frontend-1', 'up']),
      look(['frontend-1', 'up'], ['frontend-2', 'up']),
      look(['frontend-1', 'up'], ['frontend-2', 'down']),
      look(['frontend-1', 'up'], ['frontend-2', 'up']),
      look(['frontend-1', 'up']),
    ),
    [
      'frontend-2 is up',
      'frontend-2 is not reachable',
      'frontend-2 is back',
      'frontend-2 was stopped',
    ],
  );
});

t.test('a frontend that does not answer is one event, and its return another', async (t) => {
  t.same(told(store('leader'), 'nothing listens', 'nothing listens', store('leader')), [
    'nothing listens',
    'the frontend answers again',
  ]);
});
