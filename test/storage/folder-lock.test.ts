import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lockFolder } from '../../src/storage/folder-lock.js';

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

t.test('a folder has one holder, and a second is told who', async (t) => {
  const folder = join(t.testdir(), 'service');
  const lock = lockFolder(folder);
  const message = `${join(folder, 'lock')} is held by process ${process.pid}`;
  t.throws(() => lockFolder(folder), { code: 'conflict', message });
  t.strictSame(readdirSync(folder), ['lock']);
  lock.release();
  t.notOk(existsSync(join(folder, 'lock')));
  lockFolder(folder).release();
});

t.test('another living process keeps its folder; a dead one does not', async (t) => {
  const folder = t.testdir();
  const own = lockFolder(folder);
  const { started } = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'));
  own.release();
  const other = await stranger();
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started: '' }));
  t.throws(() => lockFolder(folder), { code: 'conflict', message: new RegExp(`${other.pid}`) });
  if (started !== '') {
    // The same number, but another process than the one that took the lock.
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started }));
    lockFolder(folder).release();
  }
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started: '' }));
  await other.end();
  lockFolder(folder).release();
  t.strictSame(readdirSync(folder), []);
});

t.test('a file that names nobody is taken over', async (t) => {
  for (const text of ['', '{', '{"pid":"x"}', '17']) {
    const folder = t.testdir({ lock: text });
    lockFolder(folder).release();
  }
  t.pass();
});

t.test('a release leaves the lock of a later holder alone', async (t) => {
  const folder = t.testdir();
  const lock = lockFolder(folder);
  writeFileSync(join(folder, 'lock'), '{"pid":1,"started":"later"}');
  lock.release();
  t.ok(existsSync(join(folder, 'lock')));
});
