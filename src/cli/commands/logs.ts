/** `bazar logs`: the logs of all services in the order of time. */
import { resolve } from 'node:path';
import { logLevels } from '../logs/log-line.js';
import { choice, flag, integer, positional, text } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { logDirOf, placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { defineCommand } from '../parsing/command.js';

export const logs = defineCommand({
  usage: 'logs [name]',
  describe: 'Show the logs of all services in the order of time',
  examples: [
    ['$0 logs -f', 'continues with new lines'],
    ['$0 logs order-3 --lines 200', 'shows one service'],
    ['$0 logs --level warn', 'shows warnings and errors only'],
  ],
  specs: {
    name: positional('One service, such as order-3', { completes: 'services' }),
    follow: flag('Continue with new lines', { group: 'Output:', alias: 'f' }),
    lines: integer(
      'Last lines of each log',
      { min: 0, max: 100_000, default: 50 },
      { group: 'Output:' },
    ),
    level: choice('Lowest level that is shown', logLevels, 'debug', { group: 'Output:' }),
    ...outputSpecs,
    ...placeSpecs,
    logDir: text('Folder of the logs', undefined, {
      completes: 'files',
      group: 'Place:',
      defaultDescription: 'that of the store in the data folder',
    }),
  },
  async run(options, io) {
    const { showLogs } = await import('../logs/show-logs.js');
    const logDir = options.logDir ?? (await runningLogDir(options.dataDir));
    await showLogs({ ...options, logDir }, io);
    return exitCodes.ok;
  },
});

/** The log folder of the running store, or of its last start. */
async function runningLogDir(dataDir: string): Promise<string> {
  const { askControl } = await import('../launcher/control.js');
  const launcher = await askControl(resolve(dataDir), { command: 'ping' });
  if (typeof launcher?.log_dir === 'string') return launcher.log_dir;
  const { rememberedStore } = await import('../launcher/remembered-store.js');
  return rememberedStore(dataDir)?.logDir ?? logDirOf(dataDir);
}
