/**
 * The operators' timeline: each change reported once, and the time without a leader.
 */
import t from 'tap';
import type { Health } from '../../../src/frontend/detector/elector.js';
import { type Sight, Timeline } from '../../../src/frontend/events/timeline.js';

type Told = Record<string, unknown>;

function setUp() {
  const told: Told[] = [];
  const timeline = new Timeline((name, data) => {
    const { at: _at, message: _message, ...rest } = data;
    told.push({ event: name, ...rest });
  });
  let nowMs = 0;
  return {
    /** Shows the timeline the order leader and the replicas at `ms`; returns the events. */
    at(ms: number, leader: string | undefined, ...sights: Sight[]): Told[] {
      nowMs = ms;
      const before = told.length;
      timeline.saw({ catalog: undefined, order: leader }, sights, { nowMs, at: `${ms}` });
      return told.slice(before);
    },
  };
}

function sight(name: string, heardMs: number, health: Partial<Health> = {}): Sight {
  const all = { epoch: 1, diskSilentMs: 0, oldestUncommittedMs: 0, ...health } as Health;
  return { name, group: 'order', isRecoveryServer: false, connected: true, health: all, heardMs };
}

function gone(name: string, connected: boolean): Sight {
  return {
    name,
    group: 'order',
    isRecoveryServer: false,
    connected,
    health: undefined,
    heardMs: undefined,
  };
}

const group = 'order';

t.test('a round without changes reports nothing', async (t) => {
  const { at } = setUp();
  const first = at(100, 'order-1', sight('order-1', 100), sight('order-2', 90));
  t.same(first, [
    { event: 'member', name: 'order-1', group, kind: 'replica', state: 'up' },
    { event: 'member', name: 'order-2', group, kind: 'replica', state: 'up' },
    { event: 'leader', group, leader: 'order-1', epoch: 1, outage_ms: 0 },
  ]);
  t.same(at(200, 'order-1', sight('order-1', 200), sight('order-2', 190)), []);
});

t.test('after a crash the time without a leader lasts from the closed connection on', async (t) => {
  const { at } = setUp();
  at(1_000, 'order-1', sight('order-1', 1_000), sight('order-2', 1_000));
  const lost = at(1_090, undefined, gone('order-1', false), sight('order-2', 1_000));
  t.same(lost, [
    { event: 'member', name: 'order-1', group, kind: 'replica', state: 'down' },
    { event: 'leader', group, leader: null, epoch: 1, outage_ms: 0 },
    { event: 'fault', what: 'no_leader', group, name: 'order-1' },
  ]);
  t.same(at(1_100, undefined, gone('order-1', false), sight('order-2', 1_100)), []);
  const next = at(1_302, 'order-2', gone('order-1', false), sight('order-2', 1_300, { epoch: 2 }));
  t.same(next, [{ event: 'leader', group, leader: 'order-2', epoch: 2, outage_ms: 212 }]);
});

t.test('a hung leader was last alive at its last answer', async (t) => {
  const { at } = setUp();
  at(1_000, 'order-1', sight('order-1', 1_000), sight('order-2', 1_000));
  at(1_400, 'order-1', sight('order-1', 1_000), sight('order-2', 1_400));
  at(1_510, undefined, gone('order-1', true), sight('order-2', 1_500));
  const next = at(1_700, 'order-2', gone('order-1', true), sight('order-2', 1_700, { epoch: 2 }));
  t.same(next, [{ event: 'leader', group, leader: 'order-2', epoch: 2, outage_ms: 700 }]);
});

t.test('leaders in direct succession leave no time without a leader', async (t) => {
  const { at } = setUp();
  at(1_000, 'order-1', sight('order-1', 1_000), sight('order-2', 1_000));
  const [next] = at(
    1_100,
    'order-2',
    sight('order-1', 1_100),
    sight('order-2', 1_100, { epoch: 2 }),
  );
  t.same(next, { event: 'leader', group, leader: 'order-2', epoch: 2, outage_ms: 0 });
  const [again] = at(1_200, 'order-2', sight('order-2', 1_200, { epoch: 3 }));
  t.same(again, { event: 'leader', group, leader: 'order-2', epoch: 3, outage_ms: 0 });
});

t.test('a member’s fault is reported once, and again when it returns', async (t) => {
  const { at } = setUp();
  const silent = { diskSilentMs: 1_500 };
  at(100, 'order-1', sight('order-1', 100));
  const fault = { event: 'fault', what: 'disk_silent', group, name: 'order-1' };
  t.same(at(200, 'order-1', sight('order-1', 200, silent)), [fault]);
  t.same(at(300, 'order-1', sight('order-1', 300, silent)), []);
  t.same(at(400, 'order-1', sight('order-1', 400)), []);
  t.same(at(500, 'order-1', sight('order-1', 500, silent)), [fault]);
  const stalled = sight('order-1', 600, { ...silent, oldestUncommittedMs: 2_500 });
  t.same(at(600, 'order-1', stalled), [{ ...fault, what: 'commit_stalled' }]);
});
