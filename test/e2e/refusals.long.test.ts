/**
 * What a member refuses to start with, by its own command as on real machines: one line that names
 * the file, exit code 1, and nothing in the folder changed.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemRandom } from '../../src/base/random.js';
import { formatCluster } from '../../src/storage/identity.js';
import { createNodeDisk } from '../../src/storage/node-disk.js';
import type { Ran } from './run-command.js';
import { Store, usualEngine } from './store.js';
import { until } from './until.js';

const size = { catalogs: 1, orders: 3, recovery: 0 };

if (usualEngine === 'journal') {
  t.test('a member that must not start says why in one line that names the file', async (t) => {
    const store = new Store(t, 3189, size, 'journal');
    await store.up();
    const data = join(store.folder, 'data');
    const own = (...path: string[]): string => join(data, 'order-1', ...path);
    const run = (...more: string[]): Promise<Ran> => store.bazar([...orderCommand(store), ...more]);

    const second = await run();
    refused(t, second, join(data, 'run', 'order-1.pid'), 'a second process of the name');
    t.equal((await store.bazar(['buy', 'Tux'])).code, 0);
    const pidFile = join(data, 'run', 'order-1.pid');
    const pid = readFileSync(pidFile, 'utf8');
    writeFileSync(pidFile, '');
    refused(t, await run(), own('lock'), 'a second process on the same folder');
    writeFileSync(pidFile, pid);
    t.equal(await store.down(), 0);
    await until('every process has ended', () => store.running().length === 0);

    const identity = readFileSync(own('identity.json'));
    const cluster = readFileSync(join(data, 'cluster.json'));
    cpSync(join(data, 'order-2', 'identity.json'), own('identity.json'));
    refused(t, await run(), own('identity.json'), 'the folder of another member');
    writeFileSync(own('identity.json'), identity.subarray(0, identity.length - 20));
    refused(t, await run(), own('identity.json'), 'an identity that is cut off');

    const foreign = join(store.folder, 'foreign');
    const members = ['catalog-1', 'order-1', 'order-2', 'order-3'];
    await formatCluster(createNodeDisk(), foreign, { members, random: systemRandom });
    cpSync(join(foreign, 'order-1', 'identity.json'), own('identity.json'));
    refused(t, await run(), own('identity.json'), 'the data of another cluster');
    writeFileSync(own('identity.json'), identity);

    const others = ['--catalogs', '1', '--orders', '5', '--recovery', '0'];
    const grown = await store.bazar(['order', '--id', 'order-1', ...others]);
    refused(t, grown, join(data, 'cluster.json'), 'another membership');
    writeFileSync(join(data, 'cluster.json'), flipped(cluster, 20));
    refused(t, await run(), join(data, 'cluster.json'), 'a cluster file with a flipped bit');
    writeFileSync(join(data, 'cluster.json'), cluster);

    const segment = own('journal', '00000001.seg');
    const journal = readFileSync(segment);
    // In the first promise: batches stand behind it.
    const damaged = flipped(journal, journal.indexOf('order-'));
    writeFileSync(segment, damaged);
    refused(t, await run(), `${segment} is corrupt at offset`, 'a corrupt journal');
    t.ok(readFileSync(segment).equals(damaged), 'and leaves it as it was');
  });
} else {
  t.test('over a database it names the file, the port or the schema', async (t) => {
    const [store, other] = [3189, 3195].map((offset) => new Store(t, offset, size, 'postgres')) as [
      Store,
      Store,
    ];
    await store.up();
    const clusterFile = join(store.folder, 'data', 'cluster.json');
    const pidFile = join(store.folder, 'data', 'run', 'order-1.pid');
    const own = await store.databaseFlags();
    const run = (flags = own): Promise<Ran> => store.bazar([...orderCommand(store), ...flags]);

    refused(t, await run(), pidFile, 'a second process of the name');
    const pid = readFileSync(pidFile, 'utf8');
    writeFileSync(pidFile, '');
    refused(t, await run(), 'address in use', 'a second process at the same port');
    writeFileSync(pidFile, pid);
    t.equal((await store.bazar(['buy', 'Tux'])).code, 0);
    t.equal(await store.down(), 0);
    await until('every process has ended', () => store.running().length === 0);

    refused(t, await run([]), clusterFile, 'a start without the database');
    const nowhere = await run(['--store', 'postgres://u@127.0.0.1:1/x']);
    refused(t, nowhere, 'nothing listens there', 'a database that is not there');
    const foreign = await run(await other.databaseFlags());
    refused(t, foreign, 'but the database holds the store', 'the database of another store');
    const cluster = readFileSync(clusterFile);
    writeFileSync(clusterFile, flipped(cluster, 20));
    refused(t, await run(), clusterFile, 'a cluster file with a flipped bit');
    writeFileSync(clusterFile, cluster);
    await store.up();
    t.match(await store.bazar(['order', '1']), { code: 0 }, 'and all is as it was');
    t.equal(await store.down(), 0);
  });
}

/** The command of one member. */
function orderCommand(store: Store): string[] {
  return ['order', '--id', 'order-1', ...store.memberFlags(), '--workers', '1'];
}

/** One line for people; the others are the log's. */
function refused(t: Test, { code, err }: Ran, named: string, what: string): void {
  const lines = err.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  t.equal(code, 1, `${what}: ${err}`);
  t.equal(lines.length, 1, what);
  t.ok(lines[0]?.startsWith('order-1: ') && lines[0].includes(named), `${what}: ${lines[0]}`);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
