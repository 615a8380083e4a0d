/** The lock of a data folder, also between real processes in namespaces of their own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type FolderLock, lockFolder } from '../../src/storage/folder-lock.js';

/** A process that does nothing until its input ends. */
async function stranger(): Promise<{ pid: number; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function lockOnce(folder: string): Promise<void> {
  const lock = await lockFolder(folder);
  lock.release();
}

t.test('a folder has one holder, and the error for a second names it', async (t) => {
  const folder = join(t.testdir(), 'service');
  const lock = await lockFolder(folder);
  const message = `${join(folder, 'lock')} is held by process ${process.pid}`;
  await t.rejects(lockFolder(folder), { code: 'conflict', message });
  t.ok(existsSync(join(folder, 'lock')));
  lock.release();
  t.strictSame(readdirSync(folder), []);
  await lockOnce(folder);
});

t.test('another living process keeps its folder; a dead one does not', async (t) => {
  const folder = t.testdir();
  const own = await lockFolder(folder);
  const { started } = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'));
  own.release();
  const other = await stranger();
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started: '' }));
  await t.rejects(lockFolder(folder), { code: 'conflict', message: new RegExp(`${other.pid}`) });
  if (started !== '') {
    // The same number, but another process than the one that took the lock.
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started }));
    await lockOnce(folder);
  }
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started: '' }));
  await other.end();
  await lockOnce(folder);
  t.strictSame(readdirSync(folder), []);
});

t.test('a lock file that names no holder is taken over', async (t) => {
  for (const text of ['', '{', '{"pid":"x"}', '17']) {
    const folder = t.testdir({ lock: text });
    await lockOnce(folder);
  }
  t.pass();
});

t.test('a release leaves the lock of a later holder alone', async (t) => {
  const folder = t.testdir();
  const lock = await lockFolder(folder);
  writeFileSync(join(folder, 'lock'), '{"pid":1,"started":"later"}');
  lock.release();
  t.ok(existsSync(join(folder, 'lock')));
});

t.test('a lock that was moved aside by mistake still holds', async (t) => {
  const folder = t.testdir();
  const lock = await lockFolder(folder);
  const text = readFileSync(join(folder, 'lock'), 'utf8');
  lock.release();
  const aside = join(folder, 'lock.0123456789abcdef.stale');
  writeFileSync(aside, text);
  await t.rejects(lockFolder(folder), { code: 'conflict' });
  t.strictSame(readdirSync(folder), ['lock.0123456789abcdef.stale']);
  writeFileSync(aside, JSON.stringify({ pid: process.pid, started: 'another life' }));
  await lockOnce(folder);
  t.strictSame(readdirSync(folder), []);
});

const holder = fileURLToPath(new URL('lock-holder.js', import.meta.url));
const isLinux = process.platform === 'linux';
const apart = ['-pf', '--mount-proc', '--kill-child'];
const mayUnshare = isLinux && spawnSync('unshare', [...apart, 'true']).status === 0;
const mayUnshareNet = mayUnshare && spawnSync('unshare', [...apart, '-n', 'true']).status === 0;
const skip = mayUnshare ? false : 'unshare is not permitted here';

interface Contained {
  /** The result of its lock. */
  readonly said: string;
  /** Of the process within, as it is known out here. */
  readonly pid: number;
  end(signal?: NodeJS.Signals): Promise<void>;
}

async function contained(folder: string, flags: readonly string[] = apart): Promise<Contained> {
  const child = spawn('unshare', [...flags, process.execPath, holder, folder], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { pid = 0 } = child;
  const within = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  return {
    said,
    pid: within,
    async end(signal) {
      if (signal) process.kill(within, signal);
      else child.stdin.end();
      await ended;
    },
  };
}

t.test('a holder in another container keeps its folder', { skip }, async (t) => {
  for (const flags of mayUnshareNet ? [apart, [...apart, '-n']] : [apart]) {
    const folder = t.testdir();
    const first = await contained(folder, flags);
    t.equal(first.said, 'held');
    const message = `${join(folder, 'lock')} is held by process 1 of another container`;
    await t.rejects(lockFolder(folder), { code: 'conflict', message });
    const second = await contained(folder, flags);
    t.equal(second.said, message);
    await second.end();
    process.kill(first.pid, 'SIGSTOP');
    await t.rejects(lockFolder(folder), { code: 'conflict', message }, 'also while it is stopped');
    process.kill(first.pid, 'SIGCONT');
    await first.end('SIGKILL');
    await lockOnce(folder);
    t.strictSame(readdirSync(folder), [], 'nothing of a dead holder is left');
  }
});

t.test('a container is refused where a process outside holds the folder', { skip }, async (t) => {
  const folder = t.testdir();
  const lock = await lockFolder(folder);
  const other = await contained(folder);
  t.match(other.said, `is held by process ${process.pid} of another container`);
  await other.end();
  lock.release();
});

t.test(
  'one of many processes that find a dead holder at once gets the folder',
  { skip },
  async (t) => {
    const folder = t.testdir();
    await (await contained(folder)).end('SIGKILL');
    t.ok(existsSync(join(folder, 'lock')));
    const all = await Promise.all(Array.from({ length: 4 }, () => contained(folder)));
    t.equal(all.filter(({ said }) => said === 'held').length, 1);
    await Promise.all(all.map((one) => one.end()));
  },
);

t.test('a folder with a path too long for a socket can be locked', { skip }, async (t) => {
  const folder = join(t.testdir(), 'a'.repeat(120), 'b'.repeat(120));
  mkdirSync(folder, { recursive: true });
  const first = await contained(folder);
  t.equal(first.said, 'held');
  await t.rejects(lockFolder(folder), { code: 'conflict', message: /of another container/ });
  await first.end('SIGKILL');
  await lockOnce(folder);
});

const elsewhere = { pid: 1, namespace: 'pid:[1]' };

const onLinux = isLinux ? false : 'this system has no containers';

t.test(
  'a holder in another container that cannot be asked is refused',
  { skip: onLinux },
  async (t) => {
    const folder = t.testdir();
    const file = join(folder, 'lock');
    let own: FolderLock = await lockFolder(folder);
    const { started } = JSON.parse(readFileSync(file, 'utf8'));
    own.release();
    writeFileSync(file, JSON.stringify({ ...elsewhere, started }));
    const message = new RegExp(`no sockets by which to ask it: .*delete ${file}`);
    await t.rejects(lockFolder(folder), { code: 'conflict', message });
    const socket = 'lock.0123456789abcdef.socket';
    writeFileSync(file, JSON.stringify({ ...elsewhere, started, socket }));
    await lockOnce(folder);
    writeFileSync(file, JSON.stringify({ ...elsewhere, started: 'another-boot 17' }));
    own = await lockFolder(folder);
    own.release();
  },
);
