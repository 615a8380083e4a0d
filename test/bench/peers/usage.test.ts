/** The difference of two snapshots, by process and thread. */
import t from 'tap';
import { takeSnapshot, usageBetween } from '../../../bench/peers/usage.js';

const state = (process: string, thread: string, cpuNs: number, switches: number) => ({
  process,
  thread,
  cpuNs,
  switches,
});

t.test('threads of one name are added up, and new ones count from zero', async (t) => {
  const before = new Map([
    [1, state('a', 'main', 1_000, 10)],
    [2, state('a', 'io', 5_000, 0)],
    [9, state('b', 'main', 7_000, 70)],
  ]);
  const after = new Map([
    [1, state('a', 'main', 5_000, 30)],
    [2, state('a', 'io', 7_000, 2)],
    [3, state('a', 'io', 2_000, 6)],
  ]);
  const usage = usageBetween(before, after, 2);
  t.same(usage, {
    cpuUs: 4,
    switches: 14,
    processes: [
      {
        name: 'a',
        cpuUs: 4,
        switches: 14,
        threads: [
          { name: 'main', cpuUs: 2, switches: 10, count: 1 },
          { name: 'io', cpuUs: 2, switches: 4, count: 2 },
        ],
      },
    ],
  });
});

t.test('a process that has ended has no snapshot', async (t) => {
  t.equal(takeSnapshot([{ pid: 2 ** 30, name: 'none' }]), undefined);
});
