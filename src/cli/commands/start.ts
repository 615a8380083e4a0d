/** `bazar start NAME`: restarts a service of a running store. */
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
    ['$0 start order-3', 'restarts it after `bazar kill order-3`'],
    ['$0 start order-3 --repair', 'cuts a corrupt journal off; the group sends the rest'],
  ],
  specs: {
    name: positional('Name of the service, such as order-3', { completes: 'services' }),
    repair: flag('Cut a corrupt journal off and rejoin as a learner', { group: 'This service:' }),
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
      io.err(
        `${name} ${answer.ran === true ? 'is running already' : 'is ready'} (pid ${answer.pid})\n`,
      );
    return exitCodes.ok;
  },
});
