// Holds, limits and adjustments over HTTP and the raw port: what is sent, answered and refused.
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { holdLimits, limitLimits, requestLimits } from '../../src/base/limits.js';
import type { Operations } from '../../src/frontend/types.js';
import { codeOfStatus } from '../../src/gateway/http-errors.js';
import { validateParams } from '../../src/wire/validate.js';
import { adminToken, setStage } from './stage.js';

const id = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const unknown = 'd0ffee00c0ffee00c0ffee00c0ffee00';
const lines = [{ id: 8, quantity: 1 }];
const admin = { authorization: `Bearer ${adminToken}` };

t.test('a hold is opened, read, extended, confirmed and released', async (t) => {
  const { ask } = await setStage();
  const opened = await ask('POST', '/holds', { body: { lines, ttl_seconds: 900 } });
  t.equal(opened.status, 201);
  t.equal(opened.headers.get('location'), `/holds/${id}`);
  t.match(opened.json.data, { hold_id: id, total: 19.9 });
  const read = await ask('GET', `/holds/${id}`);
  t.match(read.json.data, { hold_id: id, status: 'open' });
  t.equal(read.headers.get('cache-control'), 'no-store');
  const extended = await ask('PATCH', `/holds/${id}`, { body: { ttl_seconds: 60 } });
  t.same(extended.json.data, { hold_id: id, expires_at: '2026-01-01T00:15:00.000Z' });
  for (const body of [undefined, {}, { lines }]) {
    const confirmed = await ask('POST', `/holds/${id}/confirm`, { body });
    t.equal(confirmed.status, 200);
    t.equal(confirmed.headers.get('location'), '/orders/193');
  }
  const released = await ask('POST', `/holds/${id}/release`);
  t.same(released.json.data, { hold_id: id, status: 'released' });
});

t.test('params and key reach the operation, and a repeat is marked', async (t) => {
  const seen: unknown[] = [];
  const sees = (answer: object) => async (params: unknown) => {
    seen.push(params);
    return { ...answer, replayed: true } as never;
  };
  const { ask } = await setStage({
    hold: sees({ hold_id: id, expires_at: '', lines: [], total: 0 }),
    confirmHold: sees({ order_number: 1, total: 0 }),
    releaseHold: sees({ hold_id: id, status: 'released' }),
    extendHold: sees({ hold_id: id, expires_at: '' }),
    adjustStock: sees({ id: 8, delta: 1, on_hand: 1, reserved: 0, available: 1, version: 2 }),
  });
  const headers = { 'idempotency-key': 'k', ...admin };
  const body = { lines, ttl_seconds: 5, customer: 'ada', expected_total: 19.9, reference: 'r' };
  const adjustment = { delta: -1, reason: 'damaged', reference: 'shelf 7' };
  const asked = [
    ['POST', '/holds', body, { ...body, key: 'k' }],
    ['POST', `/holds/${id}/confirm`, { lines }, { id, lines, key: 'k' }],
    ['POST', `/holds/${id}/release`, undefined, { id, key: 'k' }],
    ['PATCH', `/holds/${id}`, { ttl_seconds: 5 }, { id, ttl_seconds: 5, key: 'k' }],
    ['POST', '/products/8/adjustments', adjustment, { ...adjustment, id: 8, key: 'k' }],
  ] as const;
  for (const [method, path, sent, wanted] of asked) {
    const reply = await ask(method, path, { headers, body: sent });
    t.equal(reply.headers.get('idempotency-replayed'), 'true', path);
    t.notOk('replayed' in reply.json.data);
    t.same(seen.pop(), wanted);
  }
});

t.test('a hold that is not possible is not called an order', async (t) => {
  const { ask } = await setStage({
    async hold() {
      throw new BazarError('not_found', 'product not found', { details: { line: 0 } });
    },
  });
  const { status, json } = await ask('POST', '/holds', { body: { lines, ttl_seconds: 5 } });
  t.equal(status, 404);
  t.match(json.error, { message: "couldn't place the hold: product not found", line: 0 });
});

t.test('a release takes no fields, and releases nothing if it has one', async (t) => {
  let released = 0;
  const { ask } = await setStage({
    async releaseHold() {
      released++;
      return { hold_id: id, status: 'released' };
    },
  });
  for (const body of [{ lines }, { more: 1 }, [], 7, null]) {
    const { status, json } = await ask('POST', `/holds/${id}/release`, { body });
    t.equal(status, 400, JSON.stringify(body));
    t.equal(json.error.type, 'invalid_argument');
  }
  t.equal(released, 0);
  t.equal((await ask('POST', `/holds/${id}/release`, { body: {} })).status, 200);
});

t.test('an id that names nothing is 404, whatever its form', async (t) => {
  const { ask } = await setStage();
  for (const one of [unknown, 'x', '7', id.toUpperCase(), `${id}0`, '%00']) {
    const replies = [
      await ask('GET', `/holds/${one}`),
      await ask('PATCH', `/holds/${one}`, { body: { ttl_seconds: 1 } }),
      await ask('POST', `/holds/${one}/confirm`),
      await ask('POST', `/holds/${one}/release`),
    ];
    for (const { status, json } of replies) {
      t.equal(status, 404, one);
      t.equal(json.error.type, 'not_found');
    }
  }
});

const tooMany = Array.from({ length: requestLimits.orderLinesMax + 1 }, () => lines[0]);
const ttls = [0, -1, 1.5, '60', null, holdLimits.ttlSecondsMax + 1];
const badLines = [
  null,
  {},
  [],
  'x',
  [{ id: 8 }],
  [{ id: 8, quantity: 0 }],
  [{ name: '', quantity: 1 }],
];
const terms = [
  { customer: '' },
  { customer: 7 },
  { customer: 'é'.repeat(65) },
  { expected_total: -1 },
  { expected_total: '19.9' },
  { expected_total: '-19.90' },
  { expected_total: '19,90' },
];
const bad = {
  hold: [
    ...[{}, { lines }, { ttl_seconds: 5 }, { lines, ttl_seconds: 5, more: 1 }],
    ...ttls.map((ttl) => ({ lines, ttl_seconds: ttl })),
    ...[...badLines, tooMany].map((one) => ({ lines: one, ttl_seconds: 5 })),
    ...[7, null, 'é'.repeat(101)].map((one) => ({ lines, ttl_seconds: 5, reference: one })),
    ...terms.map((one) => ({ lines, ttl_seconds: 5, ...one })),
  ],
  confirm_hold: [{ more: 1 }, ...[...badLines, tooMany].map((one) => ({ lines: one }))],
  extend_hold: [{}, { ttl_seconds: 5, more: 1 }, ...ttls.map((ttl) => ({ ttl_seconds: ttl }))],
  adjust_stock: [
    ...[{}, { delta: 1 }, { reason: 'count' }, { delta: 1, count: 1, reason: 'count' }],
    ...[1.5, '1', null, 2 ** 40].map((delta) => ({ delta, reason: 'damaged' })),
    ...[-1, 1.5, 2 ** 40].map((count) => ({ count, reason: 'count' })),
    { delta: 1, reason: 'stolen' },
    { delta: 1, reason: 'damaged', reference: 'x'.repeat(201) },
  ],
  update_product: [
    ...[7, {}, { quantity: 1 }, { quantity: 0, window_seconds: null }],
    { quantity: limitLimits.quantityMax + 1, window_seconds: null },
    ...[0, 1.5, limitLimits.windowSecondsMax + 1].map((window) => {
      return { quantity: 1, window_seconds: window };
    }),
  ].map((limit) => ({ purchase_limit: limit })),
} as const;

t.test('every bad field is 400 over HTTP and invalid_argument on the raw port', async (t) => {
  const { ask, operations } = await setStage();
  const routes = {
    hold: ['POST', '/holds', {}],
    confirm_hold: ['POST', `/holds/${id}/confirm`, { id }],
    extend_hold: ['PATCH', `/holds/${id}`, { id }],
    adjust_stock: ['POST', '/products/8/adjustments', { id: 8 }],
    update_product: ['PATCH', '/products/8', { id: 8 }],
  } as const;
  for (const name of Object.keys(routes) as (keyof typeof routes)[]) {
    const [method, path, place] = routes[name];
    for (const body of bad[name]) {
      const reply = await ask(method, path, { headers: admin, body });
      const text = `${name} ${JSON.stringify(body).slice(0, 80)}`;
      t.equal(reply.status, 400, text);
      t.equal(reply.json.error.type, 'invalid_argument', text);
      t.throws(
        () => validateParams(name, { ...body, ...place }),
        { code: 'invalid_argument' },
        text,
      );
    }
  }
  for (const one of [undefined, 7, 'x', id.toUpperCase(), `${id}0`]) {
    for (const method of ['read_hold', 'release_hold', 'confirm_hold'] as const) {
      t.throws(() => validateParams(method, { id: one }), { code: 'invalid_argument' });
    }
  }
  const keys = await ask('POST', '/holds', {
    headers: { 'idempotency-key': 'x'.repeat(201) },
    body: { lines, ttl_seconds: 5 },
  });
  t.equal(keys.status, 400);
  t.same(operations.asked, [], 'none was asked');
});

t.test('each refusal has its status and its details', async (t) => {
  const statuses = {
    ...{ hold_expired: 409, hold_confirmed: 409, hold_released: 409, price_changed: 409 },
    ...{ limit_exceeded: 409, out_of_stock: 409, conflict: 409, customer_required: 400 },
    ...{ not_found: 404, key_reused: 422, overloaded: 429, unavailable: 503 },
  } as const;
  for (const [code, status] of Object.entries(statuses)) {
    const refuse = async () => {
      const details = { remaining: 2, replayed: true };
      throw new BazarError(code as keyof typeof statuses, 'refused', { details });
    };
    const own: Partial<Operations> = {
      ...{ hold: refuse, confirmHold: refuse, releaseHold: refuse, extendHold: refuse },
      adjustStock: refuse,
    };
    const { ask } = await setStage(own);
    const replies = [
      await ask('POST', '/holds', { body: { lines, ttl_seconds: 5 } }),
      await ask('POST', `/holds/${id}/confirm`),
      await ask('POST', `/holds/${id}/release`),
      await ask('PATCH', `/holds/${id}`, { body: { ttl_seconds: 5 } }),
      await ask('POST', '/products/8/adjustments', {
        headers: admin,
        body: { count: 5, reason: 'count' },
      }),
    ];
    for (const reply of code === 'not_found' ? replies.slice(0, 4) : replies) {
      t.equal(reply.status, status, code);
      t.match(reply.json.error, { code: status, type: code, remaining: 2 });
      t.equal(reply.headers.get('idempotency-replayed'), 'true');
    }
  }
});

t.test('only an administrator adjusts the stock', async (t) => {
  const { ask } = await setStage();
  const body = { delta: 3, reason: 'received' };
  t.equal((await ask('POST', '/products/8/adjustments', { body })).status, 401);
  const reply = await ask('POST', '/products/8/adjustments', { headers: admin, body });
  t.equal(reply.status, 201);
  t.match(reply.json.data, { id: 8, delta: 3, on_hand: 103, available: 103 });
  t.equal((await ask('POST', '/products/x/adjustments', { headers: admin, body })).status, 400);
});

t.test('a status without a code is counted under its usual code', async (t) => {
  t.same([200, 400, 404, 409, 429, 418, 599].map(codeOfStatus), [
    ...['ok', 'invalid_argument', 'not_found', 'conflict', 'overloaded'],
    ...['invalid_argument', 'internal'],
  ]);
});
