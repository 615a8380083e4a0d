/** Orders over HTTP: buying, its refusals, idempotency, and reading back. */
import t from 'tap';
import { BazarError, errorCodes } from '../../src/base/errors.js';
import { adminToken, setStage, shownOrder, shownTotal } from './stage.js';

t.test('a purchase by name, by id or by lines is passed on as sent', async (t) => {
  const { ask, operations } = await setStage();
  const bodies = [
    { name: 'Tux', quantity: 1 },
    { id: 8, quantity: 1_000_000 },
    {
      lines: [
        { id: 8, quantity: 2 },
        { name: 'Bear', quantity: 1 },
      ],
    },
  ];
  for (const body of bodies) {
    const reply = await ask('POST', '/orders', { body });
    t.equal(reply.status, 200);
    t.same(reply.json, { data: { order_number: 192, ...shownTotal } });
    t.notOk(reply.headers.has('idempotency-replayed'));
  }
  t.same(
    operations.asked.map(({ params }) => params),
    bodies,
  );
});

t.test('an invalid quantity is 400 with the field, and reaches no service', async (t) => {
  const { ask, operations } = await setStage();
  const quantities = ['0', '-1', '1.5', '"3"', '1e12', '1e400', 'null', 'true', '[1]', '1000001'];
  for (const quantity of quantities) {
    for (const product of ['"name":"Tux"', '"id":8']) {
      const reply = await ask('POST', '/orders', { body: `{${product},"quantity":${quantity}}` });
      t.equal(reply.status, 400, quantity);
      t.equal(reply.json.error.code, 400);
      t.equal(reply.json.error.type, 'invalid_argument');
      t.match(reply.json.error.message, /quantity/);
    }
  }
  t.same(operations.asked, []);
});

t.test('a body that is not a purchase is 400', async (t) => {
  const { ask, operations } = await setStage();
  const line = { id: 8, quantity: 1 };
  const bodies: unknown[] = [
    undefined,
    '',
    'null',
    '[]',
    '"Tux"',
    '3',
    '{',
    '{"name":"Tux","quantity":1}}',
    '{"name":"Tux","quantity":NaN}',
    {},
    { quantity: 1 },
    { name: 'Tux' },
    { name: 7, quantity: 1 },
    { name: '', quantity: 1 },
    { name: 'x'.repeat(201), quantity: 1 },
    { id: '8', quantity: 1 },
    { id: 0, quantity: 1 },
    { id: 8, name: 'Tux', quantity: 1 },
    { id: 8, quantity: 1, discount: 99 },
    { lines: [] },
    { lines: line },
    { lines: Array.from({ length: 101 }, () => line) },
    { lines: [line, { id: 8, quantity: 0 }] },
    { lines: [line], quantity: 1 },
    { name: 'Tux', quantity: 1, key: 'the key is a header' },
  ];
  for (const body of bodies) {
    const reply = await ask('POST', '/orders', { body });
    t.equal(reply.status, 400, JSON.stringify(body)?.slice(0, 60));
    t.equal(reply.json.error.type, 'invalid_argument');
    t.type(reply.json.error.message, 'string');
  }
  t.same(operations.asked, []);
});

t.test('an error deep in a list is reported with its path', async (t) => {
  const { ask } = await setStage();
  const body = {
    lines: [
      { id: 8, quantity: 1 },
      { id: 8, quantity: 0 },
    ],
  };
  const reply = await ask('POST', '/orders', { body });
  t.match(reply.json.error.message, /lines\[1\].*quantity/);
});

t.test('JSON that parsers read differently is refused', async (t) => {
  const { ask, operations } = await setStage();
  const bodies = [
    '{"name":"Tux","quantity":1,"quantity":5}',
    '{"name":"Tux","quantity":1,"\\u0071uantity":5}',
    '{"name":"Tux","quantity":1,"__proto__":{"admin":true}}',
    '{"name":"Tux","quantity":1,"__pro\\u0074o__":{}}',
    '{"name":"Tux","quantity":1,"constructor":{"prototype":{}}}',
    `{"name":${'['.repeat(20)}${']'.repeat(20)},"quantity":1}`,
    '['.repeat(500_000),
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  ];
  for (const body of bodies) {
    const reply = await ask('POST', '/orders', { body });
    t.equal(reply.status, 400, body.slice(0, 60));
    t.equal(reply.json.error.type, 'invalid_argument');
  }
  t.same(operations.asked, []);
});

t.test('a key of one object may equal a value of another', async (t) => {
  const { ask } = await setStage();
  const body = '{"lines":[{"id":8,"quantity":1},{"name":"quantity","quantity":1}]}';
  t.equal((await ask('POST', '/orders', { body })).status, 200);
});

t.test(
  'an unknown product in an order is 404, and the message says that the order failed',
  async (t) => {
    const { ask } = await setStage({
      buy: async () => {
        throw new BazarError('not_found', 'no such thing', { details: { line: 0 } });
      },
    });
    const reply = await ask('POST', '/orders', { body: { name: 'Nobody', quantity: 1 } });
    t.equal(reply.status, 404);
    t.equal(reply.json.error.message, "couldn't place the order: product not found");
    t.notOk('line' in reply.json.error, 'one product has no line');
    const lines = [{ name: 'Nobody', quantity: 1 }];
    t.equal((await ask('POST', '/orders', { body: { lines } })).json.error.line, 0);
  },
);

t.test('an order above the stock is 409 with the available number', async (t) => {
  const { ask } = await setStage({
    buy: async () => {
      throw new BazarError('out_of_stock', 'only 3 left', { details: { available: 3 } });
    },
  });
  const reply = await ask('POST', '/orders', { body: { name: 'Tux', quantity: 4 } });
  t.equal(reply.status, 409);
  t.equal(reply.json.error.type, 'out_of_stock');
  t.equal(reply.json.error.available, 3);
});

t.test('an Idempotency-Key becomes the key, byte for byte', async (t) => {
  const { ask, operations } = await setStage();
  const body = { name: 'Tux', quantity: 1 };
  const bytes = Buffer.from('schlüssel').toString('latin1');
  await ask('POST', '/orders', { body, headers: { 'idempotency-key': 'k'.repeat(200) } });
  t.same(operations.asked[0]?.params, { ...body, key: 'k'.repeat(200) });
  const { connect } = await setStage();
  t.ok(connect, 'bytes above ASCII are sent raw below');
  const stage = await setStage();
  const client = stage.connect();
  const text = JSON.stringify(body);
  client.send(
    Buffer.from(
      `POST /orders HTTP/1.1\r\nhost: a\r\nidempotency-key: ${bytes}\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      'latin1',
    ),
  );
  t.equal((await client.reply()).status, 200);
  t.same(stage.operations.asked[0]?.params, { ...body, key: 'schlüssel' });
});

t.test('a quoted Idempotency-Key is the key between the quotes', async (t) => {
  const { ask, operations } = await setStage();
  const tries: readonly (readonly [sent: string, key: string])[] = [
    ['"k-1"', 'k-1'],
    ['k-1', 'k-1'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['"open', '"open'],
    ['"a"b"', '"a"b"'],
    ['"a\\b"', '"a\\b"'],
    [`"${'k'.repeat(200)}"`, 'k'.repeat(200)],
  ];
  for (const [sent, key] of tries) {
    const body = { name: 'Tux', quantity: 1 };
    const reply = await ask('POST', '/orders', { body, headers: { 'idempotency-key': sent } });
    t.equal(reply.status, 200, sent);
    t.same(operations.asked.at(-1)?.params, { ...body, key }, sent);
  }
});

t.test('an Idempotency-Key that is empty or over 200 bytes is 400', async (t) => {
  const { ask, operations } = await setStage();
  for (const key of ['', '""', 'k'.repeat(201)]) {
    const headers = { 'idempotency-key': key };
    const reply = await ask('POST', '/orders', { headers, body: { name: 'Tux', quantity: 1 } });
    t.equal(reply.status, 400);
    t.match(reply.json.error.message, /Idempotency-Key/);
  }
  t.same(operations.asked, []);
});

t.test('a repeat is marked in a header and otherwise has the same answer', async (t) => {
  const { ask } = await setStage({
    buy: async () => ({ order_number: 192, total: 19.9, replayed: true }),
  });
  const headers = { 'idempotency-key': 'k-1' };
  const reply = await ask('POST', '/orders', { headers, body: { name: 'Tux', quantity: 1 } });
  t.equal(reply.status, 200);
  t.equal(reply.headers.get('idempotency-replayed'), 'true');
  t.same(reply.json, { data: { order_number: 192, ...shownTotal } });
});

t.test('a purchase has the location of its order, and status 201 if configured', async (t) => {
  for (const ordersStatus of [undefined, 200, 201] as const) {
    for (const replayed of [false, true]) {
      const bought = { order_number: 192, total: 19.9, ...(replayed ? { replayed } : {}) };
      const { ask } = await setStage({ buy: async () => bought }, ordersStatus && { ordersStatus });
      const reply = await ask('POST', '/orders', { body: { name: 'Tux', quantity: 1 } });
      t.equal(reply.status, ordersStatus ?? 200, 'a repeat too');
      t.equal(reply.headers.get('location'), '/orders/192');
      const described = (await ask('GET', '/openapi.json')).json.paths['/orders'].post.responses;
      t.ok(described[ordersStatus ?? 200]);
      const old = await ask('POST', '/dialects/toystore/orders', {
        body: { name: 'Tux', quantity: 1 },
      });
      t.equal(old.status, 200, 'clients of the older store test for it');
    }
  }
});

t.test('a repeated refusal is marked as well', async (t) => {
  const { ask } = await setStage({
    buy: async () => {
      throw new BazarError('out_of_stock', 'none', { details: { available: 0, replayed: true } });
    },
  });
  const reply = await ask('POST', '/orders', { body: { name: 'Tux', quantity: 1 } });
  t.equal(reply.headers.get('idempotency-replayed'), 'true');
  t.notOk('replayed' in reply.json.error);
});

t.test('a changed price has the present total, as exact text too', async (t) => {
  const { ask } = await setStage({
    buy: async () => {
      const details = { total: 20.5 };
      throw new BazarError('price_changed', 'the total is not the expected one', { details });
    },
  });
  const body = { name: 'Tux', quantity: 1, expected_total: 19.9 };
  const { status, json } = await ask('POST', '/orders', { body });
  t.equal(status, 409);
  t.match(json.error, { type: 'price_changed', total: 20.5, total_exact: '20.50' });
});

t.test('each failure has its status and its shape, and nothing else', async (t) => {
  const statuses: Record<string, number> = {
    invalid_argument: 400,
    customer_required: 400,
    unauthenticated: 401,
    permission_denied: 403,
    not_found: 404,
    unknown_method: 404,
    out_of_stock: 409,
    conflict: 409,
    hold_expired: 409,
    hold_confirmed: 409,
    hold_released: 409,
    price_changed: 409,
    limit_exceeded: 409,
    too_large: 413,
    key_reused: 422,
    overloaded: 429,
    internal: 500,
    unavailable: 503,
    deadline_exceeded: 504,
  };
  for (const code of errorCodes) {
    const { ask } = await setStage({
      buy: async () => {
        throw new BazarError(code, 'as it is', {
          cause: new Error('secret'),
          details: { status: 'kept', request_id: 'not this', type: 'nor this' },
        });
      },
    });
    const reply = await ask('POST', '/orders', {
      headers: { 'x-request-id': 'r-7' },
      body: { name: 'Tux', quantity: 1 },
    });
    t.equal(reply.status, statuses[code], code);
    const { error } = reply.json;
    t.match(error, { code: statuses[code], type: code, request_id: 'r-7', status: 'kept' });
    const first = ['code', 'type', 'message', 'request_id'];
    t.same(Object.keys(error).slice(0, 4), first, 'the same fields stand first in each');
    t.notMatch(reply.text, /secret|stack/);
    const retry = reply.headers.get('retry-after');
    const retryable = code === 'unavailable' || code === 'overloaded';
    t.equal(retry, retryable ? '1' : undefined, `${code}: Retry-After`);
  }
});

t.test('an unexpected failure is 500 without details', async (t) => {
  const { ask } = await setStage({
    buy: async () => {
      throw new TypeError('secret of the house');
    },
  });
  const reply = await ask('POST', '/orders', { body: { name: 'Tux', quantity: 1 } });
  t.equal(reply.status, 500);
  t.equal(reply.json.error.type, 'internal');
  t.notMatch(reply.text, /secret/);
});

t.test('an order is read by its number; an unknown one is 404, an invalid one 400', async (t) => {
  const { ask } = await setStage();
  const found = await ask('GET', '/orders/1');
  t.equal(found.status, 200);
  t.same(found.json, { data: shownOrder });
  for (const path of ['/orders/2', '/orders/0', `/orders/${'9'.repeat(30)}`]) {
    const reply = await ask('GET', path);
    t.equal(reply.status, 404, path);
    t.equal(reply.json.error.message, 'order not found');
  }
  for (const path of ['/orders/one', '/orders/-1', '/orders/1.5', '/orders/%zz']) {
    t.equal((await ask('GET', path)).status, 400, path);
  }
});

t.test('listing all orders needs the token and is paged', async (t) => {
  const { ask, operations } = await setStage();
  const headers = { authorization: `Bearer ${adminToken}` };
  const reply = await ask('GET', '/orders?after=10&limit=2', { headers });
  t.equal(reply.status, 200);
  t.same(reply.json, { data: [shownOrder] });
  t.same(operations.asked[0]?.params, { after: 10, limit: 2 });
});

t.test(
  'a quoted key is passed on with the text from which older builds made their key',
  async (t) => {
    const quoted: unknown[] = [];
    const { ask, operations } = await setStage({
      buy: async (_params, { quotedKey }) => {
        quoted.push(quotedKey);
        return { order_number: 1, total: 1 };
      },
    });
    const body = { id: 8, quantity: 1 };
    for (const key of ['"k"', 'k']) {
      await ask('POST', '/orders', { headers: { 'idempotency-key': key }, body });
    }
    t.same(quoted, ['"k"', undefined]);
    t.same(
      operations.asked.map(({ params }) => (params as { key?: string }).key),
      ['k', 'k'],
    );
  },
);
