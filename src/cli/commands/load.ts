/** `bazar load`: simulates customers and checks every order that they got. */
import type { Clock } from '../../base/clock.js';
import { seededRandom, systemRandom } from '../../base/random.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { LoadCheck } from '../load/load-check.js';
import {
  clientSpecs,
  failoverTimeoutSeconds,
  openClient,
  timeout,
  withClient,
} from '../options/client-options.js';
import { flag, integer, number, text, type Values } from '../options/options.js';
import { exitCodes } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

const loadGroup = { group: 'Load:' };

const loadSpecs = {
  clients: integer('Customers at once', { min: 1, max: 1_000, default: 5 }, loadGroup),
  requests: integer(
    'Look-ups and purchases of all customers together',
    { min: 0, max: 1_000_000_000, default: 1_000 },
    loadGroup,
  ),
  buyProbability: number('Share of purchases', { min: 0, max: 1, default: 0.2 }, loadGroup),
  maxQuantity: integer(
    'Largest quantity of a purchase',
    { min: 1, max: 1_000_000, default: 3 },
    loadGroup,
  ),
  holds: integer(
    'Percentage of the purchases that begin with a hold',
    { min: 0, max: 100, default: 0 },
    loadGroup,
  ),
  seed: integer(
    'The same seed makes the same requests',
    { min: 0, max: 2 ** 32 - 1, default: undefined },
    {
      ...loadGroup,
      defaultDescription: 'random',
    },
  ),
  ordersFile: text('Append every acknowledged order to this file', undefined, {
    ...loadGroup,
    completes: 'files',
  }),
  verify: text('Only read back the orders of this file', undefined, {
    ...loadGroup,
    completes: 'files',
  }),
  check: flag('Record all answers and check that they are consistent', loadGroup),
  restockTo: integer(
    'For --check of a store whose products have no restock_to: its target; 0: never',
    { min: 0, max: 1_000_000_000, default: 100 },
    loadGroup,
  ),
  history: text('Write the recorded answers to this file', undefined, {
    ...loadGroup,
    completes: 'files',
  }),
  checkFile: text('Only check the answers in this file', undefined, {
    ...loadGroup,
    completes: 'files',
  }),
  progress: flag('Show a progress bar on a terminal', loadGroup, true),
  ...clientSpecs,
  timeout: timeout('a request', failoverTimeoutSeconds),
} as const;

type Options = Values<typeof loadSpecs>;

export const load = defineCommand({
  usage: 'load',
  describe: 'Send random look-ups and purchases, and check every order',
  examples: [
    ['$0 load --clients 50 --requests 100000', 'prints rates and latencies'],
    ['$0 load --orders-file orders.jsonl', 'stores the acknowledged orders'],
    ['$0 load --verify orders.jsonl', 'checks them later; exit code 1 if one is missing'],
    ['$0 load --check', 'checks that no answer is older than an earlier one'],
  ],
  specs: loadSpecs,
  run: (options, io) => {
    if (options.checkFile !== undefined) return checkFile(options.checkFile, options, io);
    return options.verify === undefined ? putLoad(options, io) : verify(options, io);
  },
});

async function putLoad(options: Options, io: Io): Promise<number> {
  const { OrderLedger } = await import('../load/order-ledger.js');
  const { runLoad } = await import('../load/load-run.js');
  const { printCheck, printReport } = await import('../load/load-view.js');
  const { progressView } = await import('../output/progress-view.js');
  const { waitingClock: clock } = await import('../../base/clock.js');
  const seed = options.seed ?? systemRandom.integer(2 ** 32);
  const recording = await startRecording(options, clock);
  const view = await progressView(io, !options.progress);
  const report = await withClients(options, async (clients) => {
    const told = await runLoad({
      ...options,
      clients: recording?.listenTo(clients) ?? clients,
      draws: (customer) => seededRandom(seed + customer),
      keys: systemRandom,
      clock,
      ledger: new OrderLedger(options.ordersFile),
      progress: view.update,
    });
    const check = await recording?.check(clients);
    return { ...told, ...(check && { check, ok: told.ok && check.problems.length === 0 }) };
  }).finally(view.stop);
  if (options.json) printJson(io, { seed, ...report });
  else {
    await printReport(report, io);
    if (report.check) printCheck(report.check, io);
    io.err(`--seed ${seed} repeats these requests\n`);
  }
  return report.ok ? exitCodes.ok : exitCodes.error;
}

async function startRecording(options: Options, clock: Clock): Promise<LoadCheck | undefined> {
  if (!options.check && options.history === undefined) return undefined;
  const { LoadCheck } = await import('../load/load-check.js');
  return new LoadCheck(clock, options);
}

async function checkFile(path: string, options: Options, io: Io): Promise<number> {
  const { checkRecorded } = await import('../load/load-check.js');
  const { printCheck } = await import('../load/load-view.js');
  const verdict = checkRecorded(path);
  const ok = verdict.problems.length === 0;
  if (options.json) printJson(io, { ok, ...verdict });
  else printCheck(verdict, io);
  return ok ? exitCodes.ok : exitCodes.error;
}

async function verify(options: Options, io: Io): Promise<number> {
  const { OrderLedger, readOrdersFile } = await import('../load/order-ledger.js');
  const { readBack } = await import('../load/load-run.js');
  const { printVerdict } = await import('../load/load-view.js');
  const { progressView } = await import('../output/progress-view.js');
  const ledger = new OrderLedger();
  for (const order of readOrdersFile(options.verify ?? '')) ledger.acknowledge(order);
  const view = await progressView(io, !options.progress);
  const counts = await withClients(options, (clients) =>
    readBack(ledger.orders, { clients, ledger, progress: view.update }),
  ).finally(view.stop);
  const { mismatches } = ledger;
  const ok = mismatches.length === 0 && counts.unverified === 0;
  if (options.json) printJson(io, { ok, ...counts, mismatches });
  else printVerdict({ ...counts, mismatches }, io);
  return ok ? exitCodes.ok : exitCodes.error;
}

/** One client each, so that each customer has a connection of its own. */
function withClients<T>(options: Options, use: (clients: BazarClient[]) => Promise<T>): Promise<T> {
  return withClient(options, async (first) => {
    const clients = [first];
    try {
      // Fails at once if no store answers.
      await first.ping();
      while (clients.length < options.clients) clients.push(await openClient(options));
      return await use(clients);
    } finally {
      for (const client of clients) client.close();
    }
  });
}
