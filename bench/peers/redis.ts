/**
 * Redis with one replica, each with an append-only file that is synced before an answer. No snapshots
 * and no rewrites of the file happen during the load.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { host, type PeerSystem, priceCents, type Stops, type SystemOptions } from './peer.js';
import {
  askRedis,
  itemKey,
  purchaseScript,
  type RedisValue,
  redisProtocol,
} from './redis-protocol.js';
import { type Server, startServer, untilReady } from './servers.js';

const program = 'redis-server';
const primaryPort = 6_379;
const replicaPort = 6_380;
const readyTimeoutMs = 30_000;
/** Items of one set-up script: Lua unpacks no more arguments than some thousand. */
const itemsTogether = 1_000;
const flags: Readonly<Record<string, string>> = {
  save: '',
  appendonly: 'yes',
  appendfsync: 'always',
  'auto-aof-rewrite-percentage': '0',
  'repl-diskless-sync': 'yes',
  'repl-diskless-sync-delay': '0',
};
const fillScript = `
for i = 3, #ARGV do
  redis.call('HSET', ARGV[i], 'stock', ARGV[1], 'price', ARGV[2])
end`;
const stockScript = `
local stock = {}
for i = 1, #ARGV do stock[i] = tonumber(redis.call('HGET', ARGV[i], 'stock')) end
return stock`;

export function redisVersion(): string | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(stdout ?? '')?.[1];
}

export async function startRedisPair(options: SystemOptions, stops: Stops): Promise<PeerSystem> {
  const port = primaryPort + options.portOffset;
  const copyPort = replicaPort + options.portOffset;
  const primary = start(options.folder, 'primary', port, [], stops);
  await untilReady('Redis', readyTimeoutMs, [primary], async () => {
    return (await askRedis(port, 'PING')) === 'PONG';
  });
  const replica = start(
    options.folder,
    'replica',
    copyPort,
    ['--replicaof', host, `${port}`],
    stops,
  );
  await fill(port, options.stock);
  await untilReady('the Redis replica', readyTimeoutMs, [primary, replica], async () => {
    const info = String(await askRedis(copyPort, 'INFO', 'replication'));
    return (
      info.includes('master_link_status:up') && (await askRedis(port, 'WAIT', '1', '100')) === 1
    );
  });
  const hash = String(await askRedis(port, 'SCRIPT', 'LOAD', purchaseScript));
  const version = redisVersion() ?? '';
  return {
    name: 'redis',
    version,
    settings: await settingsOf(port, copyPort),
    subjects: [{ name: 'redis', label: `Redis ${version}`, port, protocol: redisProtocol(hash) }],
    processes: () => [
      { pid: primary.pid, name: 'primary' },
      { pid: replica.pid, name: 'replica' },
    ],
    async books() {
      const [here, there] = [await bookOf(port, options), await bookOf(copyPort, options)];
      const isEqual = JSON.stringify(here) === JSON.stringify(there);
      const problems = isEqual ? [] : ['the replica differs from the primary'];
      return { ...here, problems };
    },
  };
}

function start(
  folder: string,
  name: string,
  port: number,
  more: readonly string[],
  stops: Stops,
): Server {
  const dir = join(folder, name);
  mkdirSync(dir);
  const settings = { port: `${port}`, bind: host, dir, ...flags };
  const args = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]);
  const server = startServer(program, [...args, ...more], join(folder, `${name}.log`));
  stops.add(() => server.stop('SIGTERM'));
  return server;
}

async function fill(port: number, stock: readonly number[]): Promise<void> {
  const byUnits = new Map<number, string[]>();
  for (const [item, units] of stock.entries()) {
    if (item === 0) continue;
    const keys = byUnits.get(units) ?? [];
    keys.push(itemKey(item));
    byUnits.set(units, keys);
  }
  for (const [units, keys] of byUnits) {
    for (let from = 0; from < keys.length; from += itemsTogether) {
      const part = keys.slice(from, from + itemsTogether);
      await askRedis(port, 'EVAL', fillScript, '0', `${units}`, `${priceCents}`, ...part);
    }
  }
}

/** Every order adds two keys: the order and its idempotency key. */
async function bookOf(port: number, { stock }: SystemOptions) {
  const lastOrder = Number((await askRedis(port, 'GET', 'orders')) ?? 0);
  const keys = Number(await askRedis(port, 'DBSIZE'));
  const counters = lastOrder > 0 ? 1 : 0;
  const items = stock.length - 1;
  const left: number[] = [0];
  for (let from = 1; from <= items; from += itemsTogether) {
    const count = Math.min(itemsTogether, items + 1 - from);
    const part = Array.from({ length: count }, (_, n) => itemKey(from + n));
    left.push(...numbers(await askRedis(port, 'EVAL_RO', stockScript, '0', ...part)));
  }
  return { orders: (keys - items - counters) / 2, lastOrder, stock: left };
}

function numbers(value: RedisValue): number[] {
  if (!Array.isArray(value)) throw new Error('Redis: not a list');
  return value.map(Number);
}

async function settingsOf(port: number, copyPort: number): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const name of Object.keys(flags)) {
    for (const [where, at] of [
      ['primary', port],
      ['replica', copyPort],
    ] as const) {
      const found = await askRedis(at, 'CONFIG', 'GET', name);
      settings[`${where} ${name}`] = Array.isArray(found) ? String(found[1] ?? '') : '';
    }
  }
  return { ...settings, purchase: 'EVALSHA and WAIT 1 0 in one write' };
}
