/** `bazar logs`: the logs of all services in the order of time. */
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { flag, integer, positional } from '../options.js';
import { upSpecs } from '../store-options.js';

export const logs = defineCommand({
  usage: 'logs [name]',
  describe: "Show all services' logs together",
  examples: [
    ['$0 logs -f', 'and what comes'],
    ['$0 logs order-3 --lines 200', 'one service'],
  ],
  specs: {
    name: positional('One service, as order-3'),
    follow: flag('Go on with what comes', { group: 'Output:', alias: 'f' }),
    lines: integer(
      'The last lines of each log',
      { min: 0, max: 100_000, default: 50 },
      { group: 'Output:' },
    ),
    logDir: upSpecs.logDir,
  },
  async run(options, io) {
    const { showLogs } = await import('../log-view.js');
    await showLogs(options, io);
    return exitCodes.ok;
  },
});
