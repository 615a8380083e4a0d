/** The launcher with stand-ins for the services: order, refusal, failure, control. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { waitingClock } from '../../../src/base/clock.js';
import { askControl } from '../../../src/cli/launcher/control.js';
import { launch } from '../../../src/cli/launcher/launcher.js';
import { findLeftovers, stopLeftovers } from '../../../src/cli/launcher/leftovers.js';
import { isAlive, PidFiles } from '../../../src/cli/launcher/pid-files.js';
import { rememberedStore } from '../../../src/cli/launcher/remembered-store.js';
import { spawnService } from '../../../src/cli/launcher/service-process.js';
import type { StoreOptions } from '../../../src/cli/launcher/store-plan.js';
import { readValues } from '../../../src/cli/options/options.js';
import { upSpecs } from '../../../src/cli/options/store-options.js';

const entry = fileURLToPath(new URL('./stand-in-service.js', import.meta.url));

interface Running {
  readonly dataDir: string;
  readonly ready: Promise<void>;
  readonly done: Promise<void>;
  readonly lines: string[];
  interrupt(): void;
}

function options(dataDir: string, values: Record<string, unknown> = {}): StoreOptions {
  const given = { dataDir, orders: 2, ...values };
  const read = readValues(upSpecs, [{ values: given, label: (name) => name }]);
  return { ...read, logDir: read.logDir ?? join(dataDir, 'logs') };
}

function start(dataDir: string, values: Record<string, unknown> = {}): Running {
  const interrupt = new AbortController();
  const lines: string[] = [];
  let onReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const done = launch({
    store: options(dataDir, values),
    clock: waitingClock,
    interrupted: interrupt.signal,
    report: (line) => lines.push(line),
    onReady,
    entry,
  });
  done.catch(() => {});
  return { dataDir, ready, done, lines, interrupt: () => interrupt.abort() };
}

function life(dataDir: string): string[] {
  return readFileSync(join(dataDir, 'life.log'), 'utf8').trim().split('\n');
}

/** The kinds in the order of their first `event`, each once. */
function kinds(dataDir: string, event: string): string[] {
  const names = life(dataDir).filter((line) => line.startsWith(`${event} `));
  return [...new Set(names.map((line) => line.slice(event.length + 1).replace(/-\d+$/, '')))];
}

function pidOf(dataDir: string, name: string): number {
  return Number(readFileSync(join(dataDir, 'run', `${name}.pid`), 'utf8'));
}

async function stopped(test: Test, store: Running): Promise<void> {
  store.interrupt();
  await test.resolves(store.done);
}

t.test(
  'starts all services at once, is ready with the last, and stops one kind after another',
  async (t) => {
    const dataDir = t.testdir({ 'catalog-1.behaviour': 'never ready' });
    const slow = start(dataDir);
    let isReady = false;
    slow.ready.then(() => {
      isReady = true;
    });
    while (!slow.lines.some((line) => line.startsWith('frontend-1 is ready'))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    t.notOk(isReady, 'one is missing still');
    await stopped(t, slow);

    const store = start(t.testdir());
    await store.ready;
    const kindsStarted = kinds(store.dataDir, 'start').sort();
    t.same(kindsStarted, ['catalog', 'frontend', 'order', 'recovery']);
    await stopped(t, store);
    t.same(kinds(store.dataDir, 'stop'), ['frontend', 'recovery', 'order', 'catalog']);
  },
);

t.test('each running service has a pid file of digits', async (t) => {
  const store = start(t.testdir());
  await store.ready;
  const file = join(store.dataDir, 'run', 'order-2.pid');
  t.match(readFileSync(file, 'utf8'), /^\d+$/);
  t.ok(isAlive(pidOf(store.dataDir, 'order-2')));
  t.equal(pidOf(store.dataDir, 'launcher'), process.pid);
  await stopped(t, store);
  t.notOk(existsSync(file));
  t.same(new PidFiles(store.dataDir).names(), []);
});

t.test('creates tokens that only the owner may read, and keeps them', async (t) => {
  const store = start(t.testdir(), { catalogs: 1, orders: 1, recovery: 0 });
  await store.ready;
  await stopped(t, store);
  const path = join(store.dataDir, 'admin.token');
  const token = readFileSync(path, 'utf8');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.not(token, readFileSync(join(store.dataDir, 'cluster.token'), 'utf8'));
  const again = start(store.dataDir, { catalogs: 1, orders: 1, recovery: 0 });
  await again.ready;
  t.equal(readFileSync(path, 'utf8'), token);
  await stopped(t, again);
});

t.test('a second start on the same data folder is refused with the first one’s pid', async (t) => {
  const store = start(t.testdir(), { catalogs: 1, orders: 1, recovery: 0 });
  await store.ready;
  const second = start(store.dataDir);
  await t.rejects(second.done, {
    code: 'conflict',
    message: new RegExp(`runs on .* already \\(launcher pid ${process.pid}\\)`),
  });
  t.ok(isAlive(pidOf(store.dataDir, 'order-1')), 'the first one goes on');
  await stopped(t, store);
});

t.test('a start refuses services without a launcher, and a stop by name ends them', async (t) => {
  const dataDir = t.testdir();
  const orphan = spawnService({
    name: 'catalog-1',
    entry,
    args: ['catalog-1'],
    order: { kind: 'catalog', config: { name: 'catalog-1', dataDir } },
    logFile: join(dataDir, 'catalog-1.log'),
    crashFile: join(dataDir, 'catalog-1.stderr'),
    readyTimeoutMs: 30_000,
    clock: waitingClock,
    explain: ({ reason }) => reason,
  });
  const pids = new PidFiles(dataDir);
  pids.write('catalog-1', orphan.pid);
  await orphan.ready;
  await t.rejects(start(dataDir).done, {
    message: /still run .*catalog-1 \(pid \d+\); bazar down/,
  });
  const leftovers = findLeftovers(pids);
  t.same(leftovers, [{ name: 'catalog-1', pid: orphan.pid }]);
  await stopLeftovers(leftovers, pids, waitingClock);
  t.match(life(dataDir), ['start catalog-1', 'ready catalog-1', 'stop catalog-1']);
  t.same(findLeftovers(pids), []);
});

t.test('a service that Node ended, as for a full heap, is reported with the reason', async (t) => {
  const dataDir = t.testdir({ 'order-1.behaviour': 'heap is full' });
  const service = spawnService({
    name: 'order-1',
    entry,
    args: ['order-1'],
    order: { kind: 'order', config: { name: 'order-1', dataDir } },
    logFile: join(dataDir, 'order-1.log'),
    crashFile: join(dataDir, 'order-1.stderr'),
    readyTimeoutMs: 30_000,
    clock: waitingClock,
    explain: ({ reason }) => reason,
  });
  t.equal(
    await service.ended,
    'SIGABRT: Reached heap limit Allocation failed - heap out of memory',
  );
  await t.rejects(service.ready, { message: /ended before it was ready \(SIGABRT: Reached heap/ });
});

t.test('a pid file with the pid of another program is not a running service', async (t) => {
  const dataDir = t.testdir({ run: { 'order-9.pid': String(process.ppid) } });
  const pids = new PidFiles(dataDir);
  t.equal(pids.running('order-9'), undefined);
  t.same(findLeftovers(pids), []);
  t.same(pids.names(), [], 'and is forgotten');
});

t.test(
  'a pid file is valid only with the start time and the data folder of the process',
  async (t) => {
    const dataDir = t.testdir();
    const pids = new PidFiles(join(dataDir, 'a'));
    mkdirSync(join(dataDir, 'a'));
    pids.write('order-9', process.ppid);
    t.equal(pids.running('order-9'), process.ppid);
    t.equal(statSync(join(dataDir, 'a', 'run')).mode & 0o777, 0o700);

    cpSync(join(dataDir, 'a'), join(dataDir, 'copy'), { recursive: true });
    t.equal(new PidFiles(join(dataDir, 'copy')).running('order-9'), undefined, 'a copied folder');

    const record = join(dataDir, 'a', 'run', 'order-9.process');
    const written = JSON.parse(readFileSync(record, 'utf8'));
    writeFileSync(record, JSON.stringify({ ...written, started: 'another boot 7' }));
    t.equal(pids.running('order-9'), undefined, 'the number went to another process');
    pids.write('order-9', process.ppid);
    writeFileSync(join(dataDir, 'a', 'run', 'order-9.pid'), '1');
    t.equal(pids.running('order-9'), undefined, 'another number than in the record');
    rmSync(record);
    writeFileSync(join(dataDir, 'a', 'run', 'node.pid'), String(process.ppid));
    utimesSync(join(dataDir, 'a', 'run', 'node.pid'), 1, 1);
    t.equal(pids.running('node'), undefined, 'an old file without a record');
  },
);

t.test(
  'a required service that dies during the start ends the start, with the end of its log',
  async (t) => {
    const dataDir = t.testdir({ 'order-2.behaviour': 'die', 'recovery-1.behaviour': 'die' });
    const store = start(dataDir);
    await t.rejects(store.done, { message: /order-2 ended before it was ready \(exit code 3\)/ });
    await t.rejects(store.done, { message: /hello from order-2\ncannot go on: no reason/ });
    await t.rejects(store.done, {
      message: /the order group has no majority: 1 of 3 members are left$/,
    });
    t.same(new PidFiles(dataDir).names(), [], 'and all that ran has stopped');
  },
);

t.test('the first line of a failure has its reason and a remedy', async (t) => {
  const reason = 'cannot listen on 127.0.0.1:8081: address in use (EADDRINUSE)';
  const store = start(t.testdir({ 'frontend-1.behaviour': `fail: ${reason}` }));
  await t.rejects(store.done, {
    message: `frontend-1 ${reason}; another store? try --port-offset 1000\nno frontend is left`,
  });
});

t.test('the store opens without a member that its group does not need', async (t) => {
  const reason = '00000001.seg is corrupt at offset 9: no head; start once with --repair: …';
  const dataDir = t.testdir({ 'order-2.behaviour': `fail: ${reason}` });
  const store = start(dataDir);
  await store.ready;
  const line = `order-2: ${reason}; bazar start order-2 --repair does this`;
  t.ok(store.lines.includes(line));
  t.ok(store.lines.includes('order-2 stays down until bazar start order-2'));
  writeFileSync(join(dataDir, 'order-2.behaviour'), '');
  t.match(await askControl(dataDir, { command: 'start', name: 'order-2', repair: true }), {
    ran: false,
  });
  t.ok(life(dataDir).includes('ready order-2 with repair'));
  await stopped(t, store);
});

t.test('a required service that is not ready in time ends the start', async (t) => {
  const dataDir = t.testdir({ 'frontend-1.behaviour': 'never ready' });
  const store = start(dataDir, { startTimeout: 1 });
  await t.rejects(store.done, { message: /was not ready within 1 s/ });
  t.same(new PidFiles(dataDir).names(), []);
});

t.test('an interrupt during the start stops what has started', async (t) => {
  const dataDir = t.testdir({ 'order-1.behaviour': 'never ready' });
  const store = start(dataDir);
  while (!store.lines.some((line) => line.startsWith('order-2 is ready'))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await stopped(t, store);
  t.same(new PidFiles(dataDir).names(), []);
});

t.test('a killed service stays down without restarts until it is started by name', async (t) => {
  const store = start(t.testdir(), { restart: false });
  await store.ready;
  const { dataDir } = store;
  const pid = pidOf(dataDir, 'order-1');
  t.same(await askControl(dataDir, { command: 'kill', name: 'order-1' }), { ok: true, pid });
  t.notOk(isAlive(pid));
  t.notOk(existsSync(join(dataDir, 'run', 'order-1.pid')));
  await t.rejects(askControl(dataDir, { command: 'kill', name: 'order-1' }), {
    code: 'unavailable',
    message: 'order-1 is not running',
  });
  const answer = await askControl(dataDir, { command: 'start', name: 'order-1' });
  t.match(answer, { ok: true, ran: false, pid: pidOf(dataDir, 'order-1') });
  t.match(await askControl(dataDir, { command: 'start', name: 'order-1' }), { ran: true });
  await stopped(t, store);
});

t.test('a name that the store does not have is not found', async (t) => {
  const store = start(t.testdir(), { catalogs: 1, orders: 1, recovery: 0 });
  await store.ready;
  await t.rejects(askControl(store.dataDir, { command: 'kill', name: 'order-7' }), {
    code: 'not_found',
    message: /it has catalog-1, order-1, frontend-1/,
  });
  await stopped(t, store);
});

t.test('the data folder records the last start', async (t) => {
  const counts = { catalogs: 1, orders: 1, recovery: 0, frontends: 2 };
  const store = start(t.testdir(), { ...counts, host: '::', portOffset: 700 });
  await store.ready;
  await stopped(t, store);
  const { host, portOffset, logDir, frontends } = rememberedStore(store.dataDir) ?? {};
  t.same(
    { host, portOffset, logDir },
    { host: '::1', portOffset: 700, logDir: join(store.dataDir, 'logs') },
  );
  t.same(frontends?.get('frontend-2'), { host: '::1', port: 8_882 });
  const copy = join(t.testdirName, 'copy');
  cpSync(join(store.dataDir, 'run'), join(copy, 'run'), { recursive: true });
  t.equal(rememberedStore(copy), undefined, 'not of a copy');
});

t.test('the control socket stops the store', async (t) => {
  const store = start(t.testdir(), { catalogs: 1, orders: 1, recovery: 0 });
  await store.ready;
  t.match(await askControl(store.dataDir, { command: 'stop' }), { pid: process.pid });
  await t.resolves(store.done);
  t.equal(await askControl(store.dataDir, { command: 'ping' }), undefined);
});

t.test(
  'a store is founded once, and other members are refused with the name of the file',
  async (t) => {
    const store = start(t.testdir(), { catalogs: 1, orders: 1, recovery: 0 });
    await store.ready;
    await stopped(t, store);
    const identity = join(store.dataDir, 'order-1', 'identity.json');
    const { incarnation } = JSON.parse(readFileSync(identity, 'utf8'));
    t.match(incarnation, /^[0-9a-f-]{36}$/);
    await t.rejects(start(store.dataDir, { catalogs: 1, orders: 3, recovery: 0 }).done, {
      code: 'conflict',
      message: /cluster\.json/,
    });
    const again = start(store.dataDir, { catalogs: 1, orders: 1, recovery: 0 });
    await again.ready;
    t.equal(JSON.parse(readFileSync(identity, 'utf8')).incarnation, incarnation);
    await stopped(t, again);
  },
);

t.test(
  'a fresh start deletes the data of the services and keeps tokens and other files',
  async (t) => {
    const dataDir = t.testdir({
      'catalog-1': { journal: 'x' },
      'order-9': {},
      'cluster.json': '{"clusterId":"old","members":["order-9"]}',
      'admin.token': 'secret\n',
      'products.json': '{}',
    });
    writeFileSync(join(dataDir, 'notes.txt'), 'mine');
    const store = start(dataDir, { fresh: true, catalogs: 1, orders: 1, recovery: 0 });
    await store.ready;
    t.notOk(existsSync(join(dataDir, 'catalog-1', 'journal')));
    t.notOk(existsSync(join(dataDir, 'order-9')));
    const cluster = JSON.parse(readFileSync(join(dataDir, 'cluster.json'), 'utf8'));
    t.same(cluster.members, ['catalog-1', 'order-1']);
    t.not(cluster.clusterId, 'old');
    t.equal(readFileSync(join(dataDir, 'admin.token'), 'utf8'), 'secret\n');
    for (const kept of ['products.json', 'notes.txt']) t.ok(existsSync(join(dataDir, kept)), kept);
    await stopped(t, store);
  },
);

t.test('a wrong option is refused before anything is deleted or founded', async (t) => {
  const cluster = '{"clusterId":"old","members":["catalog-1"]}';
  const wrong = [
    { currency: 'JPY' },
    { allowedHost: ['shop:80'] },
    { productsFile: join(t.testdir({ 'wrong.json': '{' }), 'wrong.json') },
  ];
  for (const values of wrong) {
    const dataDir = mkdtempSync(join(tmpdir(), 'bazar-'));
    t.teardown(() => rmSync(dataDir, { recursive: true }));
    await t.rejects(start(dataDir, values).done);
    t.notOk(existsSync(join(dataDir, 'cluster.json')), 'nothing is founded');
    mkdirSync(join(dataDir, 'catalog-1'));
    writeFileSync(join(dataDir, 'catalog-1', 'journal'), 'x');
    writeFileSync(join(dataDir, 'cluster.json'), cluster);
    await t.rejects(start(dataDir, { ...values, fresh: true }).done);
    t.equal(readFileSync(join(dataDir, 'cluster.json'), 'utf8'), cluster);
    t.ok(existsSync(join(dataDir, 'catalog-1', 'journal')));
  }
});

t.test('a socket of another program is refused with the reason', async (t) => {
  // A path that is short enough for a socket.
  const dataDir = mkdtempSync(join(tmpdir(), 'bazar-'));
  t.teardown(() => rmSync(dataDir, { recursive: true }));
  mkdirSync(join(dataDir, 'run'));
  const squatter = createServer((socket) => socket.resume().end('hello\n'));
  await new Promise<void>((resolve) =>
    squatter.listen(join(dataDir, 'run', 'launcher.sock'), resolve),
  );
  await t.rejects(start(dataDir).done, {
    message: /does not answer correctly: its answer is not that of a launcher/,
  });
  await new Promise((resolve) => squatter.close(resolve));
});

t.test('a data folder with a long path has its control socket inside', async (t) => {
  const dataDir = join(t.testdir(), 'x'.repeat(120));
  const store = start(dataDir, { catalogs: 1, orders: 1, recovery: 0 });
  await store.ready;
  t.equal(statSync(join(dataDir, 'run', 'launcher.sock')).mode & 0o777, 0o600);
  t.match(await askControl(dataDir, { command: 'ping' }), { pid: process.pid });
  await stopped(t, store);
});
