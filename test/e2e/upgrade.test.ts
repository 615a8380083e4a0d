/**
 * Stores that the last builds with rules 2 and with rules 3 have written start with this build: their logs
 * replay to the same state, keys, orders and holds are answered, and what the new rules bring begins.
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
  /** Of rules 3: an open hold of 4 Tux and 2 Seal. */
  readonly hold?: string;
  readonly files: Readonly<Record<string, string>>;
}

function read(name: string): Fixture {
  const file = new URL(`../../../test/fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Fixture;
}

const ofRules2 = read('store-of-rules-2');
const ofRules3 = read('store-of-rules-3');

function unpack({ files }: Fixture, folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, brotliDecompressSync(Buffer.from(text, 'base64')), { mode: 0o600 });
  }
}

t.test('the logs of builds before replay to the same state', async (t) => {
  for (const [rules, fixture] of [[2, ofRules2] as const, [3, ofRules3] as const]) {
    const folder = join(t.testdir(), `${rules}`);
    unpack(fixture, folder);
    const machine = newMachine();
    await readLog(
      createNodeDisk(),
      join(folder, 'catalog-1', 'journal'),
      { fromSeq: 1, throughSeq: fixture.audit.seq },
      (entry) => machine.apply(entry),
    );
    t.equal(machine.rules, rules);
    t.equal(machine.hash(), fixture.audit.hash);
  }
});

t.test('a data folder of rules 2 starts with this build', async (t) => {
  const store = new Store(t, 3480, undefined, 'journal');
  unpack(ofRules2, join(store.folder, 'data'));
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

t.test('a data folder of rules 3 starts with this build, and its ledger begins', async (t) => {
  const store = new Store(t, 3480, undefined, 'journal');
  unpack(ofRules3, join(store.folder, 'data'));
  await store.up();
  const token = brotliDecompressSync(Buffer.from(ofRules3.files['admin.token'] ?? '', 'base64'));
  const client = new BazarClient({
    addresses: [`127.0.0.1:${store.rawPort}`],
    token: token.toString().trim(),
  });
  t.teardown(() => client.close());
  t.match(await client.order(1), { status: 'partly_cancelled', lines: [{ cancelled: 1 }] });
  const { hold = '' } = ofRules3;
  t.match(await client.readHold(hold), { status: 'open', reference: 'cart 1' });
  t.match(await client.readStock({ id: 1 }), { available: 33, reserved: 4, on_hand: 37 });
  // The order leader asks for the ledger when all services support it.
  await until('the ledger has begun', async () => {
    const page = await client.ledger({ id: 2 }).catch(() => undefined);
    return page !== undefined && page.items.length > 0;
  });
  t.match(await client.confirmHold({ id: hold, key: 'paid' }), { order_number: 4 });
  const { items } = await client.ledger({ id: 1 });
  t.match(items, [
    { cause: 'opening', delta: 33, balance: 33, reserved_delta: 4, reserved: 4 },
    { cause: 'sale', order_number: 4, delta: 0, balance: 33, reserved_delta: -4, reserved: 0 },
  ]);
  const { items: others } = await client.ledger({ id: 3 });
  t.same(
    others.map(({ balance, reserved }) => [balance, reserved]),
    [
      [18, 2],
      [18, 0],
    ],
  );
  t.match(await store.bazar(['audit']), { code: 0 });
  t.equal(await store.down(), 0);
});
