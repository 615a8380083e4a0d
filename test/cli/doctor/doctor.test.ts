/** What the doctor finds, and what it cannot be blamed for. */
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { waitingClock } from '../../../src/base/clock.js';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { checkDisk } from '../../../src/cli/doctor/disk.js';
import {
  checkClock,
  checkKeys,
  checkMemory,
  checkNode,
  checkOpenFiles,
} from '../../../src/cli/doctor/machine.js';
import { checkPeers, isHere } from '../../../src/cli/doctor/peers.js';
import { checkPortRange, checkPorts } from '../../../src/cli/doctor/ports.js';
import {
  checkLeftovers,
  checkMembers,
  checkProducts,
  checkTokens,
  checkVariables,
} from '../../../src/cli/doctor/settings.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { fakeIo } from '../fake-io.js';

t.test('Node must be 20.19 or newer', async (t) => {
  for (const [version, verdict] of [
    ['v18.20.0', 'problem'],
    ['v20.18.3', 'problem'],
    ['v20.19.0', 'ok'],
    ['v22.3.0', 'ok'],
    ['v24.0.0', 'ok'],
  ] as const) {
    t.equal(checkNode(version).verdict, verdict, version);
  }
});

t.test('little memory and few open files are doubts', async (t) => {
  t.equal(checkMemory(7, 8e9).verdict, 'ok');
  t.equal(checkMemory(7, 1e8).verdict, 'doubt');
  t.equal(checkKeys(30_000_000, 2, 24e9).verdict, 'ok');
  t.equal(checkKeys(30_000_000, 2, 8e9).verdict, 'doubt');
  t.match(checkOpenFiles('Max open files            1024                 524288'), {
    verdict: 'doubt',
    detail: /1024/,
  });
  t.match(checkOpenFiles('Max open files            65536  524288'), { verdict: 'ok' });
  t.match(checkOpenFiles('Max open files            unlimited  unlimited'), { verdict: 'ok' });
  t.equal(checkOpenFiles(''), undefined, 'where the system does not tell');
});

t.test('a wall clock that jumps or was never set is a doubt', async (t) => {
  t.equal((await checkClock(waitingClock)).verdict, 'ok');
  const jumping = new ManualClock();
  const wallMs = () => 1_700_000_000_000 + jumping.nowMs() * 3;
  const checked = checkClock({
    ...{ nowMs: () => jumping.nowMs(), afterTurn: () => {}, wallMs },
    after: (ms, callback) => jumping.after(ms, callback),
  });
  jumping.advance(250);
  t.match(await checked, { verdict: 'doubt', detail: /200 % off/ });
  const early = new ManualClock();
  const never = checkClock({
    ...{ nowMs: () => early.nowMs(), afterTurn: () => {}, wallMs: () => early.nowMs() },
    after: (ms, callback) => early.after(ms, callback),
  });
  early.advance(250);
  t.match(await never, { verdict: 'doubt', detail: /1970/ });
});

t.test('the disk check leaves no files', async (t) => {
  const folder = t.testdir();
  const findings = checkDisk(folder, waitingClock);
  t.same(
    findings.map(({ check }) => check),
    ['disk', 'fsync'],
  );
  t.match(findings[1]?.detail, /^\d+ a second, median [\d.]+ ms/);
  t.same(readdirSync(folder), []);
});

t.test('a folder without write access is a problem', async (t) => {
  const folder = t.testdir({ file: '' });
  const findings = checkDisk(join(folder, 'file', 'data'), waitingClock);
  t.match(findings, [{ verdict: 'problem', detail: /cannot write to .*ENOTDIR/ }]);
});

t.test('a port is free, used by the store, or used by another program', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.teardown(() => server.close());
  const taken = server.address() as { port: number };
  const address = { host: '127.0.0.1', port: taken.port };
  const service = { name: 'order-1', address };
  const free = { name: 'order-2', address: { ...address, port: 0 } };
  t.match(await checkPorts([service], () => false), [
    { verdict: 'problem', detail: `127.0.0.1:${taken.port} for order-1: another program` },
  ]);
  t.match(await checkPorts([service], (name) => name === 'order-1'), [{ verdict: 'ok' }]);
  t.match(await checkPorts([free], () => false), [{ verdict: 'ok', detail: 'all 1 are free' }]);
  t.match(await checkPorts([service, free], () => true), [
    { verdict: 'doubt', detail: '1 of 2 ports are in use' },
  ]);
  const nowhere = { name: 'order-1', address: { host: '192.0.2.1', port: 0 } };
  t.match(await checkPorts([nowhere], () => true), [
    { verdict: 'problem', detail: /EADDRNOTAVAIL/ },
  ]);
});

t.test(
  'members on other machines are contacted, and their ports are not checked here',
  async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const open = { name: 'order-1', address: { host: '127.0.0.1', port } };
    t.match(await checkPeers([open]), [{ verdict: 'ok', detail: /all 1 / }]);
    t.same(await checkPeers([]), []);
    await new Promise((resolve) => server.close(resolve));
    t.match(await checkPeers([open]), [
      { verdict: 'doubt', detail: /order-1 at 127\.0\.0\.1:\d+: nothing listens there/ },
    ]);
    t.ok(isHere({ host: '127.0.0.9', port: 1 }));
    t.notOk(isHere({ host: '192.0.2.1', port: 1 }));

    const peers = ['catalog-1', 'catalog-2', 'order-1', 'order-2', 'order-3', 'recovery-1'];
    const config = t.testdir({
      'store.json': JSON.stringify({ peers: peers.map((name) => `${name}=127.0.0.1:1`) }),
    });
    const io = fakeIo();
    const place = ['--data-dir', config, '--config', join(config, 'store.json'), '--json'];
    await runCli(['doctor', ...place], allCommands(), io);
    const { findings } = JSON.parse(io.stdout());
    const details = findings.map(({ detail }: { detail: string }) => detail).join('\n');
    t.notMatch(details, /no command has|:9001 |:8091 /, 'the ports are those of peers');
  },
);

t.test(
  'ports in the range of outgoing connections are named, unless they are reserved',
  async (t) => {
    const listenPoint = (port: number) => ({
      name: 'order-1',
      address: { host: '127.0.0.1', port },
    });
    const listenPoints = [8_091, 40_001, 40_501].map(listenPoint);
    t.match(checkPortRange(listenPoints, '32768\t60999\n', ''), [
      {
        verdict: 'doubt',
        detail: /^2 ports .* 32768-60999 .*ip_local_reserved_ports=40001-40501$/,
      },
    ]);
    t.same(checkPortRange(listenPoints, '32768\t60999\n', '40001,40500-40600\n'), []);
    t.same(checkPortRange([listenPoint(8_091)], '32768\t60999\n', ''), []);
    t.same(checkPortRange(listenPoints, '', ''), [], 'nothing is known');
  },
);

t.test('unknown variables are named', async (t) => {
  const known = new Set(['portOffset']);
  t.match(checkVariables({ BAZAR_PORTOFFSET: '1', BAZAR_CONFIG: 'x', PATH: '' }, known), [
    { verdict: 'doubt', detail: /BAZAR_PORTOFFSET/ },
  ]);
  t.match(checkVariables({ BAZAR_PORT_OFFSET: '1' }, known), [{ verdict: 'ok' }]);
});

t.test('members must be those of the existing store', async (t) => {
  const dir = t.testdir({ 'cluster.json': '{"members":["order-1","catalog-1"]}' });
  t.equal(checkMembers(dir, ['catalog-1', 'order-1']).verdict, 'ok');
  t.match(checkMembers(dir, ['catalog-1', 'order-1', 'order-2']), {
    verdict: 'problem',
    detail: /founded with catalog-1 order-1, but the options name catalog-1 order-1 order-2/,
  });
  t.equal(checkMembers(join(dir, 'new'), ['order-1']).verdict, 'ok');
});

t.test('tokens must be private and not empty', async (t) => {
  const dir = t.testdir({ 'admin.token': 'secret\n' });
  const path = join(dir, 'admin.token');
  chmodSync(path, 0o600);
  t.match(checkTokens(dir), [{ verdict: 'ok' }]);
  chmodSync(path, 0o644);
  t.match(checkTokens(dir), [{ verdict: 'doubt', detail: /chmod 600/ }]);
  writeFileSync(path, '');
  t.match(checkTokens(dir), [{ verdict: 'problem' }]);
});

t.test(
  'services without a launcher are a doubt, and an invalid first stock is a problem',
  async (t) => {
    t.equal(checkLeftovers([], false).verdict, 'ok');
    t.equal(checkLeftovers(['order-1'], true).verdict, 'ok');
    t.match(checkLeftovers(['order-1'], false), { verdict: 'doubt', detail: /bazar down/ });
    const dir = t.testdir({ good: '{"products":[]}', bad: '[]', worse: '{' });
    t.equal((await checkProducts(join(dir, 'good'))).verdict, 'ok');
    for (const name of ['bad', 'worse', 'missing']) {
      t.equal((await checkProducts(join(dir, name))).verdict, 'problem', name);
    }
  },
);

t.test('the command prints all findings and fails if there is a problem', async (t) => {
  const dir = t.testdir({ 'cluster.json': '{"members":["order-9"]}' });
  const io = fakeIo();
  const place = ['--data-dir', dir, '--port-offset', '4680'];
  t.equal(await runCli(['doctor', ...place, '--json'], allCommands(), io), 1);
  const { ok, findings } = JSON.parse(io.stdout());
  t.equal(ok, false);
  const checks = new Set(findings.map(({ check }: { check: string }) => check));
  for (const check of ['node', 'clock', 'disk', 'fsync', 'ports', 'configuration', 'members']) {
    t.ok(checks.has(check), check);
  }
});

t.test('the members of an existing store are the defaults', async (t) => {
  const members = ['catalog-1', 'order-1', 'order-2'];
  const dir = t.testdir({ 'cluster.json': JSON.stringify({ members }) });
  const membersFound = async (...given: string[]): Promise<unknown> => {
    const io = fakeIo();
    const place = ['--data-dir', dir, '--port-offset', '4680'];
    await runCli(['doctor', ...place, '--json', ...given], allCommands(), io);
    const { findings } = JSON.parse(io.stdout());
    return findings.find(({ check }: { check: string }) => check === 'members');
  };
  t.match(await membersFound(), { verdict: 'ok', detail: 'catalog-1 order-1 order-2' });
  t.match(await membersFound('--orders', '3'), { verdict: 'problem', detail: /order-3$/ });
});
