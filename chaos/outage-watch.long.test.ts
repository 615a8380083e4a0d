/** The watch reports an outage once while the store could sell, and never while it could not. */
import t from 'tap';
import type { Fleet } from './fleet.js';
import { journalGround } from './ground.js';
import { OutageWatch, outageMaxMs } from './outage-watch.js';
import type { Recorder } from './recorder.js';

const members = ['catalog-1', 'order-1', 'order-2', 'order-3'];
const lookEveryMs = 50;
/** Far above the limit, also on a busy machine. */
const forEverMs = 1_000_000;

function build() {
  let nowMs = 0;
  const down = new Set<string>();
  const silent = new Set<string>();
  const problems: string[] = [];
  const sold = new Map<number, unknown>();
  const recorder = {
    sold,
    nowMs: () => nowMs,
    problem: (text: string) => void problems.push(text),
  } as unknown as Recorder;
  const fleet = {
    ...{ members, frontends: ['frontend-1'], ground: journalGround },
    voters: (group: string) => members.filter((name) => name.startsWith(group)),
    service: (name: string) => ({
      isWiped: false,
      answeredMs: silent.has(name) ? undefined : -forEverMs,
      runsForMs: () => (down.has(name) ? 0 : forEverMs),
    }),
    statusOf: () => Promise.resolve([]),
    network: { isOpen: () => true },
  } as unknown as Fleet;
  const watch = new OutageWatch(fleet, recorder);
  const wait = (ms: number, everyMs = lookEveryMs): void => {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += everyMs;
      watch.look();
    }
  };
  const sell = (): void => void sold.set(sold.size + 1, undefined);
  return { watch, down, silent, problems, wait, sell };
}

t.test('a store that could sell but does not is reported once', async (t) => {
  const { problems, wait, sell, watch } = build();
  wait(1_000);
  t.same(problems, []);
  wait(forEverMs);
  t.equal(problems.length, 1);
  t.match(problems[0], /I12/);
  t.ok(watch.longestMs > 1_000);
  sell();
  wait(1_000);
  t.equal(problems.length, 1);
  wait(forEverMs);
  t.equal(problems.length, 2, 'and again after it has sold');
});

t.test('a store without a majority is not reported', async (t) => {
  const { problems, wait, down } = build();
  down.add('order-1');
  down.add('order-2');
  wait(forEverMs);
  t.same(problems, []);
  down.delete('order-1');
  wait(1_000);
  t.same(problems, [], 'the time counts from when it could sell');
});

t.test('a started process counts once it has answered', async (t) => {
  const { problems, wait, silent } = build();
  silent.add('order-1');
  silent.add('order-2');
  wait(forEverMs);
  t.same(problems, []);
  silent.clear();
  wait(forEverMs);
  t.equal(problems.length, 1);
});

t.test('a busy machine raises the limit, but only up to a maximum', async (t) => {
  const { wait, watch } = build();
  wait(forEverMs);
  t.ok(watch.boundMs >= outageMaxMs && watch.boundMs <= 3 * outageMaxMs);
});

t.test('time in which the machine stands still does not count', async (t) => {
  const { problems, wait } = build();
  wait(forEverMs, forEverMs / 2);
  t.same(problems, []);
});
