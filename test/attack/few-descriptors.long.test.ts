/**
 * A store of real processes with 256 descriptors each, and 400 silent connections at every kind of
 * listener: customers with a connection are served, leaders stay, and others get in afterwards. It
 * starts processes, and takes half a minute.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { descriptorsKept } from '../../src/base/open-files.js';
import { until } from '../e2e/until.js';
import { Target } from './target.js';

const openFiles = 256;
const strangers = 400;
const patienceMs = 30_000;

function descriptorsOf(target: Target, service: string): number {
  const pid = readFileSync(join(target.folder, 'data', 'run', `${service}.pid`), 'utf8').trim();
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resolves to the status of an answer. */
function ask(port: number, path: string, agent: Agent, body?: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, agent, method: body ? 'POST' : 'GET' },
      (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.once('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

t.test('strangers cannot take the descriptors that a service needs', async (t) => {
  t.setTimeout(240_000);
  const target = new Target(5_300);
  t.teardown(() => target.down());
  await target.up(3, openFiles);
  const { http, raw, service, replication } = target.ports;
  const customer = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => customer.destroy());
  const served = async (agent: Agent): Promise<void> => {
    t.equal(await ask(http, '/products/1', agent), 200);
    const status = await ask(http, '/orders', agent, { id: 1, quantity: 1 });
    t.ok([200, 409].includes(status), `a purchase is answered: ${status}`);
  };
  await served(customer);
  const before = await target.stand();
  const listeners: readonly (readonly [string, number, string])[] = [
    ['http', http, 'frontend-1'],
    ['raw', raw, 'frontend-1'],
    ['service', service, 'order-1'],
    ['replication', replication, 'order-1'],
  ];
  for (const [kind, port, name] of listeners) {
    const quiet = descriptorsOf(target, name);
    let connected = 0;
    const sockets: Socket[] = Array.from({ length: strangers }, () =>
      connect(port, '127.0.0.1', () => connected++).on('error', () => {}),
    );
    await until(`all have knocked at ${kind}`, () => connected === strangers, patienceMs);
    await served(customer);
    // What is kept less what the service has open by itself is free.
    const most = openFiles - descriptorsKept + quiet;
    const open = descriptorsOf(target, name);
    t.ok(open <= most, `${kind}: ${open} of ${openFiles} descriptors, at most ${most}`);
    for (const socket of sockets) socket.destroy();
    const isQuiet = (): boolean => descriptorsOf(target, name) <= quiet + 8;
    await until(`${kind} has closed them`, isQuiet, patienceMs);
    const newcomer = new Agent({ keepAlive: false });
    await served(newcomer);
    newcomer.destroy();
  }
  t.equal((await target.stand()).leaders, before.leaders, 'the same leaders');
});
