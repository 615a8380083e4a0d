/**
 * A Redis server for comparison, if the machine has one: on a free port, with values as long as the
 * store's answers, without writes to disk, and stopped at the end of the scenario.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Helper } from './helper.js';
import { setRequest } from './resp.js';

const host = '127.0.0.1';
const startTries = 200;
const pollMs = 20;

export function redisVersion(): string | undefined {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(stdout ?? '')?.[1];
}

export async function startRedis(items: number, value: string): Promise<Helper> {
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', host, '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', flags, { stdio: 'ignore' });
  const pids = child.pid === undefined ? [] : [child.pid];
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await exited;
  };
  const requests = Array.from({ length: items }, (_, i) => setRequest(i + 1, value));
  for (let tries = 0; tries < startTries; tries++) {
    if (await fill(port, requests)) return { target: { host, port, pids }, stop };
    await sleep(pollMs);
  }
  await stop();
  throw new Error('redis-server did not start');
}

/** False if no server listens yet. */
function fill(port: number, requests: readonly Buffer[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let answers = 0;
    socket.on('error', () => resolve(false));
    socket.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 0x0a) answers++;
      if (answers < requests.length) return;
      socket.destroy();
      resolve(true);
    });
    socket.write(Buffer.concat(requests));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
