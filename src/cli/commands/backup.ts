/** `bazar backup`: a consistent copy of a store, running or not. */
import { resolve } from 'node:path';
import { positional } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

export const backup = defineCommand({
  usage: 'backup <folder>',
  describe: 'Copy a store, running or not, to an empty folder',
  examples: [
    ['$0 backup /backups/monday', 'the store continues to sell'],
    ['$0 restore /backups/monday --data-dir restored', 'makes a new store from the copy'],
  ],
  specs: {
    folder: positional('Empty folder; created if it does not exist', { completes: 'files' }),
    ...placeSpecs,
    ...outputSpecs,
  },
  async run({ folder = '', dataDir, json }, io) {
    const { backUp } = await import('../backup/backup-run.js');
    const { waitingClock } = await import('../../base/clock.js');
    const manifest = await backUp({
      dataDir: resolve(dataDir),
      folder: resolve(folder),
      clock: waitingClock,
      report: (phase) => {
        if (io.errTerminal) io.err(`${phase}\n`);
      },
    });
    const { files, ...content } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (json) printJson(io, { ...content, folder: resolve(folder), files: files.length, bytes });
    else {
      const { catalog, order } = content;
      io.out(`${catalog.products} products and ${catalog.sales} sales of ${catalog.from}\n`);
      io.out(`${order.orders} orders of ${order.from}; the books balance\n`);
      io.out(`${files.length} files, ${Math.ceil(bytes / 1024 ** 2)} MiB in ${folder}\n`);
    }
    return exitCodes.ok;
  },
});
