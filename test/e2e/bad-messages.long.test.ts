/**
 * What no customer should send to the raw port: each gets its named error, or an error and a closed
 * connection where the stream makes no sense any more; others are served meanwhile, and the books
 * do not move.
 */
import { connect } from 'node:net';
import t from 'tap';
import { assertUnchanged, BackgroundReader, readBooks } from './background-reader.js';
import { frame, Pairs, pack, Raw } from './msgpack.js';
import { type Answer, RawClient } from './raw-client.js';
import { Store } from './store.js';
import { within } from './until.js';

const store = new Store(t, 3006);
await store.up('--restock-every', '0', '--workers', '2');
const client = await store.raw();
const before = await readBooks(client);
const reader = await BackgroundReader.on(store);

const good = { id: 8, quantity: 1 };
const deep = (depth: number): Raw => new Raw(...Array<number>(depth).fill(0x91), 0x01);
const text = (...bytes: number[]): Raw => new Raw(0xa0 | bytes.length, ...bytes);
const line = (quantity: unknown): object => ({ id: 8, quantity });

const invalid: Readonly<Record<string, unknown>> = {
  'quantity 0': { ...good, quantity: 0 },
  'quantity -1': { ...good, quantity: -1 },
  'quantity 1.5': { ...good, quantity: 1.5 },
  'quantity "3"': { ...good, quantity: '3' },
  'quantity 10^12': { ...good, quantity: 1e12 },
  'quantity NaN': { ...good, quantity: Number.NaN },
  'quantity Infinity': { ...good, quantity: Number.POSITIVE_INFINITY },
  'quantity 2^63 - 1': { ...good, quantity: new Raw(0xd3, 0x7f, ...Array(7).fill(0xff)) },
  'quantity 2^64 - 1': { ...good, quantity: new Raw(0xcf, ...Array(8).fill(0xff)) },
  'quantity nil': { ...good, quantity: null },
  'quantity true': { ...good, quantity: true },
  'quantity [1]': { ...good, quantity: [1] },
  'quantity {}': { ...good, quantity: {} },
  'no quantity': { id: 8 },
  'no product': { quantity: 1 },
  'two products': { ...good, name: 'Tux' },
  'no params': {},
  'params nil': null,
  'params a list': [8, 1],
  'params text': 'Tux',
  'id "8"': { ...good, id: '8' },
  'id 0': { ...good, id: 0 },
  'id -8': { ...good, id: -8 },
  'id 8.5': { ...good, id: 8.5 },
  'name 8': { name: 8, quantity: 1 },
  'name empty': { name: '', quantity: 1 },
  'name of 201 characters': { name: 'x'.repeat(201), quantity: 1 },
  'name of bytes': { name: new Raw(0xc4, 3, 0x54, 0x75, 0x78), quantity: 1 },
  'a field too many': { ...good, price: 0 },
  'key 5': { ...good, key: 5 },
  'key empty': { ...good, key: '' },
  'key of 201 bytes': { ...good, key: 'k'.repeat(201) },
  'key of 300 bytes in 100 characters': { ...good, key: '€'.repeat(100) },
  'no lines': { lines: [] },
  'lines text': { lines: 'Tux' },
  '101 lines': { lines: Array(101).fill(line(1)) },
  'a good line and a bad one': { lines: [line(1), line(0)] },
  __proto__: new Pairs(['id', 8], ['quantity', 1], ['__proto__', { admin: true }]),
  '__proto__ inside': { lines: [new Pairs(['__proto__', line(1)])] },
  constructor: new Pairs(['id', 8], ['quantity', 1], ['constructor', { name: 'x' }]),
  'a key that is no text': new Pairs([1, 8], ['quantity', 1]),
  '1,000 lists deep': { ...good, key: deep(1_000) },
  '1,000 lists deep for params': deep(1_000),
  'a timestamp': { ...good, quantity: new Raw(0xd6, 0xff, 0, 0, 0, 1) },
  'an extension': { ...good, quantity: new Raw(0xd4, 1, 1) },
  'a long extension': { ...good, quantity: new Raw(0xc7, 3, 1, 1, 2, 3) },
  'text that is not UTF-8': { name: text(0x54, 0xff, 0x78), quantity: 1 },
  'text with half of a pair': { name: text(0xed, 0xa0, 0x80), quantity: 1 },
  'a key that is not UTF-8': new Pairs([text(0xc3, 0x28), 1]),
};

for (const [what, params] of Object.entries(invalid)) {
  t.test(`buy with ${what} is an invalid argument, and the connection goes on`, async (t) => {
    t.match(await client.ask('buy', params), {
      error: { code: 'invalid_argument', message: /./, retryable: false },
      result: null,
    });
    t.same(await client.get('ping', {}), {});
  });
}

t.test('an unknown product is not found', async (t) => {
  for (const unknown of [{ id: 999 }, { name: 'Nix' }, { name: 'toString' }, { id: 2 ** 40 }]) {
    const { error } = await client.ask('buy', { ...unknown, quantity: 1 });
    t.match(error, { code: 'not_found', retryable: false }, JSON.stringify(unknown));
  }
  const lines = [line(1), { name: 'Nix', quantity: 1 }];
  t.match((await client.ask('buy', { lines })).error, { code: 'not_found', line: 1 });
});

t.test('an unknown method is named so, the inner ones too', async (t) => {
  const inner = ['sell', 'sales', 'invalidate', 'update_leader', 'health_check', 'sync'];
  const others = ['steal', '', 'BUY', 'buy ', '__proto__', 'constructor', 'toString'];
  for (const method of [...inner, ...others]) {
    t.match((await client.ask(method, good)).error, { code: 'unknown_method' }, `"${method}"`);
  }
});

t.test('administration is not for everyone', async (t) => {
  const change = { id: 8, quantity: 5 };
  for (const [method, params] of [
    ['update_product', change],
    ['remove_product', { id: 8 }],
    ['add_product', { name: 'Mine', topic: 'toys', price: 0, quantity: 1 }],
    ['orders', {}],
    ['audit', {}],
  ] as const) {
    t.match((await client.ask(method, params)).error, { code: 'unauthenticated' }, method);
  }
  for (const token of ['', 'x', 'x'.repeat(43)]) {
    t.match((await client.ask('hello', { protocol: 1, token })).error, { code: 'unauthenticated' });
  }
  t.match((await client.ask('update_product', change)).error, { code: 'unauthenticated' });
});

const message = (...elements: unknown[]): Buffer => frame(pack(elements));
const buy = pack([0, 1, 'buy', good]);

/** Bytes after which nothing can be trusted, and the code of the last word. */
const broken: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  'a length of 4 GiB': [Buffer.of(0xff, 0xff, 0xff, 0xff, 1), 'too_large'],
  'a length just over the limit': [Buffer.of(0, 0x10, 0, 1), 'too_large'],
  'a length of zero': [Buffer.alloc(4), 'invalid_argument'],
  'a request over HTTP': [Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'too_large'],
  'a byte that means nothing': [frame(Buffer.of(0xc1)), 'invalid_argument'],
  'a purchase cut short in its frame': [frame(buy.subarray(0, -1)), 'invalid_argument'],
  'a purchase with a byte behind it': [
    frame(Buffer.concat([buy, Buffer.of(1)])),
    'invalid_argument',
  ],
  'a list that promises 2^32 - 1 elements': [
    frame(Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff)),
    'invalid_argument',
  ],
  'a number alone': [frame(Buffer.of(7)), 'invalid_argument'],
  'a map for a message': [frame(pack({ method: 'buy', params: good })), 'invalid_argument'],
  'a message of an unknown kind': [message(3, 1, 'buy', good), 'invalid_argument'],
  'an id of text': [message(0, 'one', 'buy', good), 'invalid_argument'],
  'a message of 1,000 lists': [frame(deep(1_000).bytes), 'invalid_argument'],
};

for (const [what, [bytes, code]] of Object.entries(broken)) {
  t.test(`${what}: an error, and the connection is closed`, async (t) => {
    const stranger = await store.raw();
    t.same(await stranger.get('ping', {}), {});
    stranger.send(bytes);
    stranger.send(message(0, 2, 'buy', good));
    await within('the connection closes', stranger.closed);
    t.match(stranger.strays, [{ error: { code, message: /./ }, result: null }]);
    t.equal(stranger.strays.length, 1, 'and nothing after it is heard');
  });
}

t.test('a frame that is never finished buys nothing', async (t) => {
  for (const leave of ['end', 'destroy'] as const) {
    const stranger = await store.raw();
    stranger.send(frame(buy).subarray(0, -1));
    stranger[leave]();
    await within('the connection closes', stranger.closed);
    t.equal(stranger.strays.length, 0);
  }
});

t.test('garbage of all sorts', async (t) => {
  const random = seeded(20_260);
  const byte = (): number => Math.floor(random() * 256);
  const nothing = message(0, 1, 'buy', { name: 'Nothing of this name', quantity: 1 });
  for (let round = 0; round < 100; round++) {
    const stranger = await store.raw();
    if (round % 2 === 0) stranger.send(Buffer.from(Array.from({ length: 200 }, byte)));
    else {
      for (let i = 0; i < 20; i++) {
        const twisted = Buffer.from(nothing);
        twisted[4 + Math.floor(random() * (twisted.length - 4))] = byte();
        stranger.send(twisted);
      }
    }
    stranger.end();
    await within('the connection closes', stranger.closed);
    t.ok(
      stranger.strays.every(({ error }) => error !== null),
      'and bought nothing',
    );
  }
});

t.test('strangers cannot use the ports between services', async (t) => {
  const ports = {
    catalog: 9001,
    order: 8091,
    'catalog replication': 9501,
    'order replication': 8591,
  };
  for (const [name, port] of Object.entries(ports)) {
    const stranger = await RawClient.open(port + store.portOffset);
    const asked = stranger.ask('sell', ['key', 0, 0, [[8, 1]]]).catch(() => 'closed' as const);
    const answer: Answer<unknown> | 'closed' = await asked;
    if (answer !== 'closed') t.match(answer.error, { code: /unauth|permission|invalid/ }, name);
    stranger.send(Buffer.alloc(2_000, 0xc1));
    await within(`the ${name} port closes the connection`, stranger.closed);
    const flooder = connect(port + store.portOffset, '127.0.0.1');
    flooder.on('error', () => {});
    flooder.end(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    flooder.resume();
    await within(
      `the ${name} port closes the connection`,
      new Promise((resolve) => flooder.once('close', resolve)),
    );
  }
});

t.test('nobody else has noticed, and the books are as they were', async (t) => {
  t.ok((await reader.stop()) > 0);
  await assertUnchanged(t, store, before);
});

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
