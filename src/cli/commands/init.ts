/** `bazar init`: founds a store without starting it. Its folders can then be copied to machines. */
import { resolve } from 'node:path';
import { outputSpecs } from '../options/output-options.js';
import { membershipSpecs, placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

export const init = defineCommand({
  usage: 'init',
  describe: 'Found a store without starting it: folders, cluster.json, tokens',
  examples: [['$0 init --data-dir data', "then copy each member's folder to its machine"]],
  specs: { ...membershipSpecs, ...placeSpecs, ...outputSpecs },
  async run(options, io) {
    const { found } = await import('../launcher/founding.js');
    const { planCluster } = await import('../launcher/store-plan.js');
    const dataDir = resolve(options.dataDir);
    const { clusterId, members } = await found(planCluster(options), dataDir);
    if (options.json) printJson(io, { cluster_id: clusterId, members, data_dir: dataDir });
    else {
      io.err(`cluster ${clusterId} is founded in ${dataDir}\n`);
      io.err(
        'every machine needs cluster.json, cluster.token and admin.token, and the folder of\n',
      );
      io.err(`each member that runs there: ${members.join(', ')}\n`);
    }
    return exitCodes.ok;
  },
});
