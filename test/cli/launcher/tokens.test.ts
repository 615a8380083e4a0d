/** The secrets of a store, made by whichever of its services comes first. */
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { systemRandom } from '../../../src/base/random.js';
import { ensureToken, readToken } from '../../../src/cli/launcher/tokens.js';

const folders = 400;

/** Reads each token as soon as it is there, and tells how many were not whole. */
const reader = `
  const { readFileSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const { folder, folders } = workerData;
  parentPort.postMessage('ready');
  let halves = 0;
  for (let i = 0; i < folders; ) {
    try {
      if (readFileSync(folder + '/' + i + '/cluster.token').length !== 44) halves++;
      i++;
    } catch {}
  }
  parentPort.postMessage(halves);
`;

t.test('a token is created once and is private', async (t) => {
  const folder = t.testdir();
  t.equal(readToken(folder, 'admin'), undefined);
  const token = ensureToken(folder, 'admin', systemRandom);
  t.match(token, /^[\w-]{43}$/);
  t.equal(ensureToken(folder, 'admin', systemRandom), token);
  t.equal(readFileSync(join(folder, 'admin.token'), 'utf8'), `${token}\n`);
  t.equal(statSync(join(folder, 'admin.token')).mode & 0o777, 0o600);
  t.same(readdirSync(folder), ['admin.token'], 'nothing is left behind');
});

t.test('services that start together never read a partial token', async (t) => {
  const folder = t.testdir();
  const worker = new Worker(reader, { eval: true, workerData: { folder, folders } });
  await once(worker, 'message');
  for (let i = 0; i < folders; i++) ensureToken(join(folder, `${i}`), 'cluster', systemRandom);
  const [halves] = await once(worker, 'message');
  t.equal(halves, 0);
});
