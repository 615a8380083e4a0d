/**
 * One of the processes of `npm run sim -- --jobs N`: runs every N-th seed and sends each result to its
 * parent. Ends when its seeds are done or its parent has ended.
 */
import { parseArgs } from 'node:util';
import { aims } from './aims.js';
import { simulate } from './simulation.js';

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    last: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
    aim: { type: 'string' },
  },
});
const aim = aims.find((name) => name === values.aim);
const step = Number(values.step);

const orphaned = (): void => process.exit(1);
process.on('disconnect', orphaned);
// Stacks of expected failures cost more than they are worth here.
Error.stackTraceLimit = 0;
for (let seed = Number(values.first); seed <= Number(values.last); seed += step) {
  const result = await simulate({ seed, aim });
  await new Promise((sent) => process.send?.(result, sent));
}
process.off('disconnect', orphaned);
process.disconnect?.();
