/** `bazar status`: roles and logs of the members, and the frontends with their caches. */
import { clientSpecs, withEach } from '../options/client-options.js';
import { flag } from '../options/options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

export const status = defineCommand({
  usage: 'status',
  describe: 'Show roles, leaders, epochs, log ends and caches',
  examples: [['$0 status --watch', 'live, with rates and events; q quits']],
  specs: {
    watch: flag('Repeat every second, on the whole screen', { group: 'Output:', alias: 'w' }),
    ...clientSpecs,
  },
  async run(options, io) {
    const { json } = options;
    const { wholeStatus } = await import('../status/whole-status.js');
    await withEach(options, async (clients, addresses) => {
      const client = wholeStatus(clients, addresses);
      if (options.watch) {
        const { watchStatus } = await import('../status/watch.js');
        return watchStatus({ client, json, io });
      }
      const store = await client.status();
      const { describeStatus } = await import('../status/status-view.js');
      if (json) printJson(io, store);
      else {
        const columns = io.terminal ? io.size().columns : undefined;
        io.out(await describeStatus(io, { store, atMs: 0 }, undefined, columns));
      }
    });
    return exitCodes.ok;
  },
});
