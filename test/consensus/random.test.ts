/**
 * Random schedules over the cores: crashes, lost and damaged disks, partitions, held lines, lost and reordered messages,
 * hung disks, duelling nominations. Checks what no schedule may break: committed entries never
 * change and survive in every later leader (I3), logs match (I2), one leader an epoch (I1), what
 * was acknowledged stays (I8), reads see it (R9). The seed is in every failure.
 */
import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import { runs } from '../support/runs.js';
import { Chaos, type ChaosOptions } from './chaos.js';

const seeds = Number(process.argv[2] ?? runs(20, 60));
const first = Number(process.argv[3] ?? 1);

const members = ['a', 'b', 'c', 'd', 'e'];

const shapes: ChaosOptions[] = [
  { voters: ['a', 'b', 'c'] },
  { voters: ['a', 'b', 'w'], recoveryServers: ['w'] },
  { voters: ['a', 'b', 'c', 'd', 'e'] },
  { voters: ['a', 'b', 'c'], gated: true },
  { voters: ['a', 'v', 'w'], recoveryServers: ['v', 'w'], losses: 'one' },
  ...[2, 3, 4, 5].flatMap((count): ChaosOptions[] => [
    { voters: members.slice(0, count), losses: 'one' },
    { voters: members.slice(0, count), losses: 'many' },
  ]),
];

for (const [index, shape] of shapes.entries()) {
  t.test(`no schedule breaks ${JSON.stringify(shape)}`, async (t) => {
    let acknowledged = 0;
    for (let seed = first; seed < first + seeds; seed++) {
      const chaos = new Chaos(shape, seededRandom(seed * 10 + index));
      try {
        chaos.run(1_200);
        acknowledged += chaos.converge();
      } catch (error) {
        t.fail(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
        break;
      }
    }
    t.ok(acknowledged > seeds, `the schedules get things done: ${acknowledged}`);
  });
}
