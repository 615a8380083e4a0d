/** `npm run sim`: for now one loop over seeds. */
import { simulate } from './simulation.js';

const [first = '1', count = '1'] = process.argv.slice(2);
const tracing = process.argv.includes('--trace');
const begun = process.hrtime.bigint();
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const result = await simulate({
    seed,
    ...(tracing ? { trace: (line: string) => process.stdout.write(`${line}\n`) } : {}),
  });
  const { profile: _, faults: __, ...rest } = result;
  if (result.problems.length > 0 || Number(count) < 10) console.log(JSON.stringify(rest));
}
console.error(Number(process.hrtime.bigint() - begun) / 1e6 / Number(count), 'ms a seed');
