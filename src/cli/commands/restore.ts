/** `bazar restore`: makes a store from a copy. */
import { resolve } from 'node:path';
import { positional } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { membershipSpecs, placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

export const restoreCopy = defineCommand({
  usage: 'restore <folder>',
  describe: 'Make a store from a copy, in a data folder that has none',
  examples: [
    ['$0 restore /backups/monday --data-dir restored', 'then: bazar up --data-dir restored'],
    ['$0 restore /backups/monday --catalogs 3 --orders 5', 'with other numbers of members'],
  ],
  specs: {
    folder: positional('Folder that `bazar backup` wrote', { completes: 'files' }),
    ...membershipSpecs,
    ...placeSpecs,
    ...outputSpecs,
  },
  async run(options, io) {
    const { restore } = await import('../backup/restore-run.js');
    const { planCluster } = await import('../launcher/store-plan.js');
    const { folder = '', dataDir, json } = options;
    const { catalog, order, made_at } = await restore({
      folder: resolve(folder),
      dataDir: resolve(dataDir),
      cluster: planCluster(options),
      report: (phase) => {
        if (io.errTerminal) io.err(`${phase}\n`);
      },
    });
    if (json) printJson(io, { made_at, catalog, order, data_dir: resolve(dataDir) });
    else {
      io.out(`${catalog.products} products and ${catalog.sales} sales of ${made_at}\n`);
      io.err(`now: bazar up --data-dir ${dataDir}, with the members named here\n`);
    }
    return exitCodes.ok;
  },
});
