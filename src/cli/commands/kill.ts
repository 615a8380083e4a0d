/** `bazar kill NAME`: kills one service with SIGKILL, to show the failover. */
import { resolve } from 'node:path';
import { positional } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

export const kill = defineCommand({
  usage: 'kill <name>',
  describe: 'Kill one service (SIGKILL), to watch the failover',
  examples: [['$0 kill order-3', 'if it is the leader (bazar status), another replica takes over']],
  specs: {
    name: positional('Name of the service, such as order-3', { completes: 'services' }),
    ...placeSpecs,
    ...outputSpecs,
  },
  async run({ name = '', dataDir, json }, io) {
    const { killOne } = await import('../launcher/kill-one.js');
    const pid = await killOne(resolve(dataDir), name);
    if (json) printJson(io, { name, pid });
    else io.err(`${name} is dead (pid ${pid})\n`);
    return exitCodes.ok;
  },
});
