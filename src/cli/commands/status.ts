/** `bazar status`: who leads, who follows, who is down; and how the caches do. */
import type { StoreStatus } from '../../frontend/types.js';
import { clientSpecs, openClient, withClient } from '../client-options.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import type { Io } from '../io.js';
import { flag } from '../options.js';
import { formatTable, printJson } from '../output.js';

const watchEveryMs = 1_000;
const clearScreen = '\x1b[H\x1b[2J';

export const status = defineCommand({
  usage: 'status',
  describe: 'Show roles, leaders, epochs, log ends and caches',
  examples: [['$0 status --watch', 'again every second']],
  specs: {
    watch: flag('Show it again every second', { group: 'Output:', alias: 'w' }),
    ...clientSpecs,
  },
  async run(options, io) {
    if (options.watch) return watch(options, io);
    const store = await withClient(options, (client) => client.status());
    if (options.json) printJson(io, store);
    else io.out(await describe(store, io));
    return exitCodes.ok;
  },
});

type Options = Parameters<typeof openClient>[0] & { readonly json: boolean };

async function watch(options: Options, io: Io): Promise<number> {
  const { sleep } = await import('../../base/clock.js');
  const { waitingClock } = await import('../../base/clock.js');
  const stopped = io.interrupted();
  const client = await openClient(options);
  const interrupt = new Promise<void>((resolve) => {
    stopped.addEventListener('abort', () => resolve());
  });
  while (!stopped.aborted) {
    const view = await look(client, options.json, io);
    io.out(io.terminal && !options.json ? `${clearScreen}${view}` : view);
    await Promise.race([sleep(waitingClock, watchEveryMs), interrupt]);
  }
  client.close();
  return exitCodes.ok;
}

async function look(
  client: Awaited<ReturnType<typeof openClient>>,
  json: boolean,
  io: Io,
): Promise<string> {
  try {
    const store = await client.status({ timeoutMs: watchEveryMs });
    return json ? `${JSON.stringify(store)}\n` : await describe(store, io);
  } catch (error) {
    // Whoever watches wants to see it come back.
    return `${error instanceof Error ? error.message : error}\n`;
  }
}

async function describe(store: StoreStatus, io: Io): Promise<string> {
  const ends = new Map<string, number>();
  for (const { group, log_end } of store.members) {
    ends.set(group, Math.max(ends.get(group) ?? 0, log_end));
  }
  const members = await formatTable(
    io,
    ['NAME', 'GROUP', 'KIND', 'ROLE', 'EPOCH', 'LOG END', 'COMMIT', 'LAG', 'PID'],
    store.members.map((one) => [
      one.name,
      one.group,
      one.kind,
      one.role,
      one.epoch,
      one.log_end,
      one.commit,
      one.role === 'down' ? '?' : (ends.get(one.group) ?? 0) - one.log_end,
      one.pid === 0 ? '' : one.pid,
    ]),
  );
  const frontends = await formatTable(
    io,
    ['FRONTEND', 'PID', 'CACHE', 'LEASE'],
    store.frontends.map((one) => [one.name, one.pid, pairs(one.cache), pairs(one.lease)]),
  );
  return `${members}\n${frontends}`;
}

function pairs(record: Readonly<Record<string, number | boolean>>): string {
  return Object.entries(record)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? round(value) : value}`)
    .join(' ');
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
