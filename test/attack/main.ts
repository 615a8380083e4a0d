/**
 * `npm run attack`: a store of real processes, floods from one host, and a table of what clients that
 * behave met meanwhile. Ends with 1 where an attack did more than the bar allows.
 */
import { parseArgs } from 'node:util';
import { attacks } from './attacks.js';
import { Target } from './target.js';
import { type Trial, table, tryAttack } from './trial.js';

const usage = `npm run attack -- [--only TEXT]   attacks whose name contains the text
  --orders N       order replicas (default 3)
  --port-offset N  added to all ports
  --list           the names`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [''] },
      orders: { type: 'string', default: '3' },
      'port-offset': { type: 'string', default: '5100' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const chosen = attacks.filter(({ name }) => values.only.some((text) => name.includes(text)));
  if (values.help || values.list) {
    const text = values.help ? usage : chosen.map(({ name }) => name).join('\n');
    process.stdout.write(`${text}\n`);
    return 0;
  }
  const target = new Target(Number(values['port-offset']));
  const trials: Trial[] = [];
  try {
    await target.up(Number(values.orders));
    for (const attack of chosen) {
      process.stderr.write(`${attack.name}\n`);
      const trial = await tryAttack(target, attack);
      for (const detail of trial.waits.details) process.stderr.write(`  ${detail}\n`);
      trials.push(trial);
    }
  } finally {
    await target.down();
  }
  process.stdout.write(`${table(trials)}\n`);
  return trials.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

process.exitCode = await main();
