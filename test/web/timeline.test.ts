/** The timeline of elections and faults, as the page tells it. */
import t from 'tap';
import type {
  FaultEvent,
  FrontendEvent,
  LeaderEvent,
  MemberEvent,
} from '../../src/web/model/shapes.js';
import {
  emptyTimeline,
  type Timeline,
  withFault,
  withFrontend,
  withLeader,
  withMember,
} from '../../src/web/model/timeline.js';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function leader(second: number, own: Partial<LeaderEvent> = {}): LeaderEvent {
  return { at: at(second), group: 'order', leader: 'order-2', epoch: 7, outage_ms: 0, ...own };
}

function member(second: number, name: string, state: 'up' | 'down'): MemberEvent {
  return { at: at(second), name, group: 'order', kind: 'replica', state };
}

const lost: FaultEvent = {
  at: at(1),
  what: 'no_leader',
  group: 'order',
  name: 'order-1',
  message: 'the order group has no leader: order-1 was lost',
};

const texts = ({ entries }: Timeline): string[] => entries.map((one) => one.text);

t.test('a failover is listed newest first, with the time without a leader', async (t) => {
  let told = withMember(emptyTimeline, 'a-1', member(1, 'order-1', 'down'));
  told = withLeader(told, 'a-2', leader(1, { leader: null }));
  told = withFault(told, 'a-3', lost);
  told = withLeader(told, 'a-4', leader(2, { outage_ms: 212 }));
  t.same(texts(told), [
    'order-2 leads the orders, epoch 7',
    'the order group has no leader: order-1 was lost',
    'order-1 is down',
  ]);
  t.equal(told.entries[0]?.outageMs, 212);
});

t.test('a first leader had no outage', async (t) => {
  t.equal(withLeader(emptyTimeline, 'a-1', leader(1)).entries[0]?.outageMs, undefined);
});

t.test('services that start together share one line, each once', async (t) => {
  let told = withMember(emptyTimeline, 'a-1', member(1, 'order-1', 'up'));
  told = withMember(told, 'a-2', member(1, 'recovery-1', 'up'));
  told = withMember(told, 'a-3', member(2, 'recovery-1', 'up'));
  t.same(texts(told), ['order-1 and recovery-1 are up']);
  told = withMember(told, 'a-4', member(2, 'order-1', 'down'));
  told = withMember(told, 'a-5', member(30, 'order-2', 'down'));
  t.same(texts(told).slice(0, 2), ['order-2 is down', 'order-1 is down'], 'not over half a minute');
});

t.test('frontends that die, return and stop are described in the store’s words', async (t) => {
  const place = { name: 'frontend-2', raw: '10.0.0.2:8181', http: '10.0.0.2:8081' };
  const event = (state: FrontendEvent['state'], message: string): FrontendEvent => {
    return { ...place, at: at(1), state, message };
  };
  let told = withFrontend(emptyTimeline, 'a-1', event('down', 'frontend-2 is not reachable'));
  told = withFrontend(told, 'a-1', event('down', 'frontend-2 is not reachable'));
  told = withFrontend(told, 'a-2', event('up', 'frontend-2 is back'));
  told = withFrontend(told, 'a-3', event('stopped', 'frontend-2 was stopped'));
  t.same(texts(told), [
    'frontend-2 was stopped',
    'frontend-2 is back',
    'frontend-2 is not reachable',
  ]);
  t.same(
    told.entries.map(({ kind }) => kind),
    ['stopped', 'up', 'down'],
  );
});

t.test('a repeated event is not shown again', async (t) => {
  let once = withMember(emptyTimeline, 'a-1', member(1, 'order-1', 'up'));
  once = withMember(once, 'a-2', member(1, 'order-2', 'up'));
  once = withLeader(once, 'a-3', leader(2));
  let twice = withMember(once, 'a-1', member(1, 'order-1', 'up'));
  twice = withMember(twice, 'a-2', member(1, 'order-2', 'up'));
  t.same(texts(withLeader(twice, 'a-3', leader(2))), texts(once));
});

t.test('the timeline keeps the newest, and no more', async (t) => {
  let told = emptyTimeline;
  for (let i = 0; i < 500; i++) told = withLeader(told, `a-${i}`, leader(1, { epoch: i + 1 }));
  t.equal(told.entries.length, 200);
  t.equal(texts(told)[0], 'order-2 leads the orders, epoch 500');
});
