/** `bazar store init|migrate|status|check|copy`: the tables of a store in a database. */
import { databaseSpecs } from '../options/database-options.js';
import { flag, type Option, text, type Values } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { membershipSpecs, placeSpecs } from '../options/store-options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { printJson, printTable } from '../output/output.js';
import { type CommandGroup, defineCommand } from '../parsing/command.js';
import { storeCopy } from './store-copy.js';

const roleGroup = { group: 'Roles:' };
const rebuildGroup = { group: 'Rebuild:' };
const { dataDir } = placeSpecs;
/** Without `--store`: the database of the last start on the data folder. */
const lastSpecs = {
  ...databaseSpecs,
  store: {
    ...databaseSpecs.store,
    settings: { ...databaseSpecs.store.settings, defaultDescription: 'that of the last start' },
  } satisfies Option<string | undefined>,
  dataDir,
  ...outputSpecs,
};

const init = defineCommand({
  usage: 'init',
  describe: 'Create the schema of a new store in a database',
  examples: [
    ['$0 store init --store postgres://owner@db/shop', 'then: bazar up --store …'],
    ['$0 store init --store postgres://owner@db/shop --service-role bazar', 'for a lesser role'],
  ],
  specs: {
    ...databaseSpecs,
    serviceRole: text('Role that gets the rights of the services', undefined, roleGroup),
    reportRole: text('Role that gets the rights to read reports', undefined, roleGroup),
    ...outputSpecs,
  },
  async run(options, io) {
    const { chosenDatabase, sessionOptions, storeFlags } = await import('../store/target.js');
    const { initStore } = await import('../../database/store-schema.js');
    const { schemaVersion } = await import('../../database/migrations.js');
    const { describeDatabase } = await import('../../database/connection-url.js');
    const { systemRandom } = await import('../../base/random.js');
    const { waitingClock } = await import('../../base/clock.js');
    const database = chosenDatabase(options, io.env);
    const session = sessionOptions(database, waitingClock);
    const { serviceRole, reportRole, json } = options;
    const clusterId = systemRandom.uuid();
    await initStore(session, { clusterId, founding: '{}', serviceRole, reportRole });
    const place = describeDatabase(session.settings);
    const { schema } = database;
    if (json) {
      const created = { cluster_id: clusterId, schema_version: schemaVersion };
      printJson(io, { ...created, database: place, schema });
    } else {
      io.err(`the store ${clusterId} is created in schema ${schema} of ${place}\n`);
      io.err(`now: bazar up ${storeFlags(database)}\n`);
    }
    return exitCodes.ok;
  },
});

const migrate = defineCommand({
  usage: 'migrate',
  describe: "Bring the schema of a stopped store to this build's version",
  examples: [['$0 store migrate --store postgres://owner@db/shop', 'after an upgrade']],
  specs: lastSpecs,
  async run(options, io) {
    const { chosenDatabase, sessionOptions } = await import('../store/target.js');
    const { migrateStore } = await import('../../database/store-schema.js');
    const { schemaVersion: to } = await import('../../database/migrations.js');
    const { waitingClock } = await import('../../base/clock.js');
    const database = chosenDatabase(options, io.env);
    const from = await migrateStore(sessionOptions(database, waitingClock));
    if (options.json) printJson(io, { schema: database.schema, from, to });
    else if (from === to) io.err(`schema ${database.schema} has version ${to} already\n`);
    else io.err(`schema ${database.schema} is migrated from version ${from} to ${to}\n`);
    return exitCodes.ok;
  },
});

const status = defineCommand({
  usage: 'status',
  describe: 'Show versions, leaders, log and tables of a store in a database',
  examples: [['$0 store status', 'of the store that was last started here']],
  specs: lastSpecs,
  async run(options, io) {
    const { chosenDatabase, sessionOptions } = await import('../store/target.js');
    const { readStoreState } = await import('../store/store-state.js');
    const { describeState } = await import('../store/state-view.js');
    const { withSession } = await import('../../database/store-schema.js');
    const { waitingClock } = await import('../../base/clock.js');
    const database = chosenDatabase(options, io.env);
    const state = await withSession(sessionOptions(database, waitingClock), (session) =>
      readStoreState(session, database),
    );
    if (options.json) printJson(io, state);
    else for (const { head, rows } of describeState(state)) await printTable(io, head, rows);
    return exitCodes.ok;
  },
});

const check = defineCommand({
  usage: 'check',
  describe: 'Check a database: server, rights, schema, clock, standbys, connections',
  examples: [
    ['$0 store check --store postgres://bazar@db/shop', 'as the role of the services'],
    ['$0 store check --rebuild', 'rebuilds the tables of a stopped store from its log'],
  ],
  specs: {
    ...lastSpecs,
    catalogs: membershipSpecs.catalogs,
    orders: membershipSpecs.orders,
    rebuild: flag('Rebuild the tables of a stopped store from its log', rebuildGroup),
    from: text('Data folder or copy of bazar backup from which the log continues', undefined, {
      ...rebuildGroup,
      completes: 'files',
    }),
    progress: flag('Show a progress bar on a terminal', rebuildGroup, true),
  },
  async run(options, io) {
    if (options.rebuild) return rebuild(options, io);
    if (options.from !== undefined) throw new UsageError('--from needs --rebuild');
    const { chosenDatabase, sessionOptions } = await import('../store/target.js');
    const { checkDatabase } = await import('../store/store-checks.js');
    const { printFindings } = await import('../doctor/print-findings.js');
    const { waitingClock } = await import('../../base/clock.js');
    const { catalogs, orders, json } = options;
    const session = sessionOptions(chosenDatabase(options, io.env), waitingClock);
    return printFindings(
      await checkDatabase({ ...session, replicas: { catalogs, orders } }),
      json,
      io,
    );
  },
});

async function rebuild(
  options: Values<typeof lastSpecs> & {
    readonly from: string | undefined;
    readonly progress: boolean;
  },
  io: Io,
): Promise<number> {
  const { chosenDatabase } = await import('../store/target.js');
  const { databaseOptions } = await import('../copy/database-place.js');
  const { runRebuild } = await import('../copy/run-rebuild.js');
  return runRebuild(databaseOptions(chosenDatabase(options, io.env)), options, io);
}

export const store: CommandGroup = {
  name: 'store',
  describe: 'Create, migrate, examine and copy a store in a database',
  commands: [init, migrate, status, check, storeCopy],
};
