/** Making folders on the real file system of this machine. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeFolder, makePrivateFolder } from '../../src/base/folders.js';

t.test(
  'makes all parents, returns the highest one that it made, and makes nothing twice',
  async (t) => {
    const root = t.testdir();
    t.equal(makeFolder(join(root, 'a', 'b', 'c')), join(root, 'a'));
    t.equal(makeFolder(join(root, 'a', 'b', 'c')), undefined);
    t.ok(statSync(join(root, 'a', 'b', 'c')).isDirectory());
  },
);

t.test('a private folder is for its owner alone', async (t) => {
  const root = t.testdir();
  makePrivateFolder(join(root, 'data', 'order-1'));
  t.equal(statSync(join(root, 'data', 'order-1')).mode & 0o777, 0o700);
});

t.test('a folder that cannot be made is refused at once', async (t) => {
  const root = t.testdir();
  writeFileSync(join(root, 'file'), '');
  t.throws(() => makeFolder(join(root, 'file')), { code: 'EEXIST' });
  t.throws(() => makeFolder(join(root, 'file', 'below')), { code: 'ENOTDIR' });
  if (existsSync('/proc/self')) t.throws(() => makeFolder('/proc/x/y'), { code: 'ENOENT' });
});
