/** The rights of files that an earlier build left open to all. */
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { keepPrivate } from '../../../src/cli/service/keep-private.js';

t.test('the files of a service become private, and other files keep their mode', async (t) => {
  const segment = join('order-1', 'journal', '00000001.seg');
  const dataDir = t.testdir({
    'order-1': { journal: { '00000001.seg': '' }, 'identity.json': '' },
    'order-2': {},
    'cluster.json': '',
    'products.json': '',
    run: {},
  });
  const mode = (name: string): number => statSync(join(dataDir, name)).mode & 0o777;
  const folders = ['order-1', join('order-1', 'journal'), 'order-2', 'run'];
  for (const folder of folders) chmodSync(join(dataDir, folder), 0o755);
  for (const file of [segment, 'cluster.json', 'products.json']) {
    chmodSync(join(dataDir, file), 0o644);
  }
  keepPrivate(dataDir, 'order-1');
  for (const name of ['order-1', join('order-1', 'journal'), 'run'])
    t.equal(mode(name), 0o700, name);
  for (const name of [segment, 'cluster.json']) t.equal(mode(name), 0o600, name);
  t.equal(mode('order-2'), 0o755, 'of another service');
  t.equal(mode('products.json'), 0o644, 'not of the store');
});
