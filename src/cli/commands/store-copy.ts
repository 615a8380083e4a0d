/** `bazar store copy`: moves a stopped store between a data folder and a database. */
import { resolve } from 'node:path';
import { assert } from '../../base/assert.js';
import { isDatabaseUrl } from '../../database/connection-url.js';
import { databaseConfig, databaseSpecs } from '../options/database-options.js';
import { flag, text } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { membershipSpecs, placeSpecs } from '../options/store-options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { defineCommand } from '../parsing/command.js';

const { host, portOffset } = placeSpecs;

export const storeCopy = defineCommand({
  usage: 'copy',
  describe: 'Copy a stopped store between a data folder and a database',
  examples: [
    ['$0 store copy --from data --to postgres://bazar@db/shop', 'again: continues'],
    ['$0 store copy --from postgres://bazar@db/shop --to data', 'back to a folder without a store'],
  ],
  specs: {
    from: text('Data folder, copy of bazar backup, or postgres://…', undefined, {
      completes: 'files',
    }),
    to: text('postgres://… or a data folder without a store', undefined, { completes: 'files' }),
    storeSchema: databaseSpecs.storeSchema,
    ...membershipSpecs,
    ...{ host, portOffset },
    progress: flag('Show a progress bar on a terminal', {}, true),
    ...outputSpecs,
  },
  async run(options, io) {
    const { from, to, storeSchema, json } = options;
    if (from === undefined || to === undefined) throw new UsageError('give both --from and --to');
    const [isFrom, isTo] = [isDatabaseUrl(from), isDatabaseUrl(to)];
    if (isFrom === isTo) {
      const remedy = isTo
        ? 'use the tools of the database'
        : 'use bazar backup and bazar restore between data folders';
      throw new UsageError(`one of --from and --to must be a database: ${remedy}`);
    }
    const { copyToDatabase, copyToFolder } = await import('../copy/copy-run.js');
    const { databaseOptions } = await import('../copy/database-place.js');
    const { showCopy, withReports } = await import('../copy/copy-view.js');
    const { planCluster } = await import('../launcher/store-plan.js');
    const config = databaseConfig({ store: isTo ? to : from, storeSchema }, io.env);
    assert(config, 'one of the two is a database');
    const database = databaseOptions(config);
    const audit = await withReports(io, !options.progress, (reports) =>
      isTo
        ? copyToDatabase(resolve(from), database, reports)
        : copyToFolder(database, resolve(to), planCluster(options), reports),
    );
    await showCopy(audit, json, io);
    return audit.differences.length === 0 ? exitCodes.ok : exitCodes.error;
  },
});
