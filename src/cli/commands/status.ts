/** `bazar status`: who leads, who follows, who is down; and how the caches do. */
import { clientSpecs, openClient, withClient } from '../client-options.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { flag } from '../options.js';
import { printJson } from '../output.js';

export const status = defineCommand({
  usage: 'status',
  describe: 'Show roles, leaders, epochs, log ends and caches',
  examples: [['$0 status --watch', 'live, with rates and what happens; q ends']],
  specs: {
    watch: flag('Look again every second, on the whole screen', { group: 'Output:', alias: 'w' }),
    ...clientSpecs,
  },
  async run(options, io) {
    const { json } = options;
    if (options.watch) {
      const { watchStatus } = await import('../status/watch.js');
      const client = await openClient(options);
      await watchStatus({ client, json, io }).finally(() => client.close());
      return exitCodes.ok;
    }
    const store = await withClient(options, (client) => client.status());
    const { describeStatus } = await import('../status/status-view.js');
    if (json) printJson(io, store);
    else io.out(await describeStatus(io, { store, atMs: 0 }));
    return exitCodes.ok;
  },
});
