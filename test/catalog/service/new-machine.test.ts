import t from 'tap';
import { seededRandom } from '../../../src/base/random.js';
import { newMachine } from '../../../src/catalog/service/new-machine.js';
import { busyLog } from '../log-builder.js';

t.test('each process draws a seed, and all have the same state', async (t) => {
  const log = busyLog();
  for (const seed of [1, 2]) {
    const random = seededRandom(seed);
    const drawn: number[] = [];
    const bytes = (count: number): Uint8Array => {
      drawn.push(count);
      return random.bytes(count);
    };
    const machine = newMachine({ ...random, bytes });
    for (const entry of log.entries) machine.apply(entry);
    t.equal(machine.hash(), log.machine.hash());
    t.same(drawn, [8]);
  }
});
