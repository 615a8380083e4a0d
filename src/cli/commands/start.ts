/** `bazar start NAME`: brings a service of a running store back. */
import { resolve } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { flag, positional } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

export const start = defineCommand({
  usage: 'start <name>',
  describe: 'Start one service of a running store again',
  examples: [
    ['$0 start order-3', 'resolves what `bazar kill order-3` did'],
    ['$0 start order-3 --repair', 'cuts a corrupt journal off; the group has the rest'],
  ],
  specs: {
    name: positional('As order-3', { completes: 'services' }),
    repair: flag('Come back from a corrupt journal as a learner', { group: 'This service:' }),
    ...placeSpecs,
    ...outputSpecs,
  },
  async run({ name = '', repair, dataDir, json }, io) {
    const { askControl } = await import('../launcher/control.js');
    const answer = await askControl(resolve(dataDir), { command: 'start', name, repair });
    if (!answer) {
      throw new BazarError('unavailable', `no launcher runs on ${dataDir}: try ./start.sh`);
    }
    if (json) printJson(io, { name, pid: answer.pid, ran: answer.ran === true });
    else
      io.err(`${name} ${answer.ran === true ? 'runs already' : 'is ready'} (pid ${answer.pid})\n`);
    return exitCodes.ok;
  },
});
