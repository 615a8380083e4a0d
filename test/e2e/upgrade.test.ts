/**
 * A store that the last build with rules 2 has written starts with this build: its log replays to the
 * same state, its keys and orders are answered, and the new rules begin with holds.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import t from 'tap';
import { newMachine } from '../../src/catalog/service/new-machine.js';
import { BazarClient } from '../../src/client/bazar-client.js';
import { readLog } from '../../src/group/read-log.js';
import { createNodeDisk } from '../../src/storage/node-disk.js';
import { Store } from './store.js';
import { until } from './until.js';

interface Fixture {
  /** The last entry that the audit of that build covered, and the hash of the catalog's state then. */
  readonly audit: { readonly seq: number; readonly hash: string };
  readonly files: Readonly<Record<string, string>>;
}

const file = new URL('../../../test/fixtures/store-of-rules-2.json', import.meta.url);
const { audit, files } = JSON.parse(readFileSync(file, 'utf8')) as Fixture;

function unpack(folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, brotliDecompressSync(Buffer.from(text, 'base64')), { mode: 0o600 });
  }
}

t.test('the log of the build before replays to the same state', async (t) => {
  const folder = t.testdir();
  unpack(folder);
  const machine = newMachine();
  await readLog(
    createNodeDisk(),
    join(folder, 'catalog-1', 'journal'),
    { fromSeq: 1, throughSeq: audit.seq },
    (entry) => machine.apply(entry),
  );
  t.equal(machine.rules, 2);
  t.equal(machine.hash(), audit.hash);
});

t.test('its data folder starts with this build', async (t) => {
  const store = new Store(t, 3480, undefined, 'journal');
  unpack(join(store.folder, 'data'));
  await store.up();
  const client = new BazarClient({ addresses: [`127.0.0.1:${store.rawPort}`] });
  t.teardown(() => client.close());
  t.match(await client.order(3), { number: 3, quantity: 3, total: 59.7 });
  const again = await client.buy({ name: 'Tux', quantity: 3, key: 'order 3' });
  t.same(again, { order_number: 3, total: 59.7, replayed: true });
  t.match(await client.lookup({ id: 1 }), { name: 'Tux', quantity: 25 });
  await t.rejects(client.lookup({ id: 2 }), { code: 'not_found' }, 'it was removed');
  const lines = [{ id: 1, quantity: 5 }];
  // The leader logs the new rules when it knows that all replicas support them.
  const held = await until('holds are possible', () =>
    client.hold({ lines, ttl_seconds: 60 }).catch(() => undefined),
  );
  t.match(await client.lookup({ id: 1 }), { quantity: 20 });
  t.match(await client.confirmHold({ id: held.hold_id }), { order_number: 6, total: 99.5 });
  t.match(await store.bazar(['audit']), { code: 0 });
  t.equal(await store.down(), 0);
});
