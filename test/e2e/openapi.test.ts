/**
 * The API's description against a real store: every operation that it names is called, in good ways
 * and bad, and each answer is held to what is said of it: status, headers, media type and body.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t, { type Test } from 'tap';
import { Store } from './store.js';
import { within } from './until.js';

const store = new Store(t, 3350, { catalogs: 1, orders: 1, recovery: 0 });
await store.up('--restock-every', '0', '--workers', '1');
const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
const admin = { authorization: `Bearer ${token}` };

interface Answer {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Description {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, Answer>> }>>
    >
  >;
  readonly components: { readonly responses: Readonly<Record<string, Answer>> };
}

const description = (await (await store.http('/openapi.json')).json()) as Description;
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(description, 'api');

interface Call {
  readonly expect: number;
  /** With the path's parameters filled in, and a query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const kite = { id: 77, name: 'Kite', topic: 'toys', price: 12.5, quantity: 3 };
const received = { delta: 5, reason: 'received' };
const lost = { delta: -500, reason: 'damaged' };
const bulk = { 'content-type': 'text/xml' };
const keyed = { 'idempotency-key': 'k-1' };

/** Two holds of Tux. */
const held = await Promise.all([newHold(), newHold()]);
const [first = '', second = ''] = held;
const noHold = 'f'.repeat(32);
const wanted = { lines: [{ name: 'Tux', quantity: 1 }], ttl_seconds: 60 };

async function newHold(): Promise<string> {
  const lines = [{ name: 'Tux', quantity: 2 }];
  const body = JSON.stringify({ lines, ttl_seconds: 600 });
  const answer = await store.http('/holds', { method: 'POST', body });
  return ((await answer.json()) as { data: { hold_id: string } }).data.hold_id;
}

/** For each operation, calls in the order of this list. */
const calls: Readonly<Record<string, readonly Call[]>> = {
  'get /livez': [{ expect: 200, path: '/livez' }],
  'get /readyz': [{ expect: 200, path: '/readyz' }],
  'get /status': [{ expect: 200, path: '/status' }],
  'get /events': [
    { expect: 200, path: '/events' },
    { expect: 200, path: '/events?history' },
  ],
  'get /openapi.json': [{ expect: 200, path: '/openapi.json' }],
  'get /docs': [{ expect: 200, path: '/docs' }],
  'get /metrics': [{ expect: 200, path: '/metrics' }],
  'post /products': [
    { expect: 401, path: '/products', body: kite },
    { expect: 403, path: '/products', body: kite, headers: { authorization: 'Bearer guess' } },
    { expect: 201, path: '/products', body: kite, headers: admin },
    { expect: 409, path: '/products', body: kite, headers: admin },
    { expect: 400, path: '/products', body: { ...kite, price: -1 }, headers: admin },
    { expect: 413, path: '/products', body: 'x'.repeat(1 << 20), headers: admin },
    { expect: 415, path: '/products', body: kite, headers: { ...admin, ...bulk } },
  ],
  'get /products': [
    { expect: 200, path: '/products?limit=5' },
    { expect: 200, path: '/products?topic=toys&text=' },
    { expect: 400, path: '/products?limit=0' },
  ],
  'get /products/{product}': [
    { expect: 200, path: '/products/77' },
    { expect: 200, path: '/products/Tux' },
    { expect: 304, path: '/products/77', headers: { 'if-none-match': '*' } },
    { expect: 404, path: '/products/78' },
    { expect: 400, path: '/products/%ff' },
  ],
  'patch /products/{product}': [
    {
      expect: 200,
      path: '/products/77',
      body: { add: 2 },
      headers: { ...admin, 'if-match': '"1"' },
    },
    {
      expect: 412,
      path: '/products/77',
      body: { add: 2 },
      headers: { ...admin, 'if-match': '"1"' },
    },
    { expect: 404, path: '/products/78', body: { add: 2 }, headers: admin },
    { expect: 400, path: '/products/77', body: { add: -2 }, headers: admin },
    { expect: 401, path: '/products/77', body: { add: 2 } },
  ],
  'post /orders': [
    { expect: 200, path: '/orders', body: { id: 77, quantity: 2 }, headers: keyed },
    { expect: 200, path: '/orders', body: { id: 77, quantity: 2 }, headers: keyed },
    { expect: 422, path: '/orders', body: { id: 77, quantity: 1 }, headers: keyed },
    { expect: 200, path: '/orders', body: { lines: [{ name: 'Kite', quantity: 1 }] } },
    { expect: 409, path: '/orders', body: { id: 77, quantity: 50 } },
    { expect: 404, path: '/orders', body: { lines: [{ id: 999, quantity: 1 }] } },
    { expect: 400, path: '/orders', body: { id: 77, quantity: 0 } },
    { expect: 413, path: '/orders', body: 'x'.repeat(1 << 20) },
    { expect: 415, path: '/orders', body: kite, headers: bulk },
  ],
  'get /orders/{number}': [
    { expect: 200, path: '/orders/1' },
    { expect: 404, path: '/orders/99' },
    { expect: 400, path: '/orders/first' },
  ],
  'post /holds': [
    { expect: 201, path: '/holds', body: wanted },
    { expect: 201, path: '/holds', body: wanted, headers: { 'idempotency-key': 'h-1' } },
    { expect: 409, path: '/holds', body: { ...wanted, expected_total: 1 } },
    { expect: 404, path: '/holds', body: { ...wanted, lines: [{ id: 999, quantity: 1 }] } },
    { expect: 400, path: '/holds', body: { ...wanted, ttl_seconds: 0 } },
    { expect: 422, path: '/holds', body: wanted, headers: keyed },
  ],
  'get /holds/{id}': [
    { expect: 200, path: `/holds/${first}` },
    { expect: 404, path: `/holds/${noHold}` },
  ],
  'patch /holds/{id}': [
    { expect: 200, path: `/holds/${first}`, body: { ttl_seconds: 900 } },
    { expect: 404, path: `/holds/${noHold}`, body: { ttl_seconds: 900 } },
    { expect: 400, path: `/holds/${first}`, body: { ttl_seconds: 'long' } },
  ],
  'post /holds/{id}/confirm': [
    {
      expect: 409,
      path: `/holds/${first}/confirm`,
      body: { lines: [{ name: 'Tux', quantity: 3 }] },
    },
    {
      expect: 200,
      path: `/holds/${first}/confirm`,
      body: { lines: [{ name: 'Tux', quantity: 1 }] },
    },
    { expect: 409, path: `/holds/${first}/confirm` },
    { expect: 404, path: `/holds/${noHold}/confirm` },
  ],
  'post /holds/{id}/release': [
    { expect: 200, path: `/holds/${second}/release` },
    { expect: 409, path: `/holds/${second}/release` },
    { expect: 404, path: `/holds/${noHold}/release` },
  ],
  'post /products/{product}/adjustments': [
    { expect: 201, path: '/products/77/adjustments', body: received, headers: admin },
    { expect: 404, path: '/products/999/adjustments', body: received, headers: admin },
    { expect: 409, path: '/products/77/adjustments', body: lost, headers: admin },
    { expect: 400, path: '/products/77/adjustments', body: { delta: 1 }, headers: admin },
    { expect: 401, path: '/products/77/adjustments', body: received },
  ],
  'get /products/{product}/stock': [
    { expect: 200, path: '/products/77/stock', headers: admin },
    { expect: 404, path: '/products/999/stock', headers: admin },
    { expect: 400, path: '/products/Kite/stock', headers: admin },
    { expect: 401, path: '/products/77/stock' },
  ],
  'get /products/{product}/ledger': [
    { expect: 200, path: '/products/77/ledger?limit=2', headers: admin },
    { expect: 200, path: '/products/77/ledger?after=2', headers: admin },
    { expect: 404, path: '/products/999/ledger', headers: admin },
    { expect: 400, path: '/products/77/ledger?limit=1001', headers: admin },
    { expect: 401, path: '/products/77/ledger' },
  ],
  'post /orders/{number}/cancellations': [
    { expect: 201, path: '/orders/1/cancellations', body: { restock: true }, headers: admin },
    { expect: 409, path: '/orders/1/cancellations', body: { restock: true }, headers: admin },
    { expect: 404, path: '/orders/99/cancellations', body: { restock: true }, headers: admin },
    { expect: 400, path: '/orders/1/cancellations', body: {}, headers: admin },
    { expect: 401, path: '/orders/1/cancellations', body: { restock: true } },
  ],
  'get /orders/{number}/cancellations': [
    { expect: 200, path: '/orders/1/cancellations', headers: admin },
    { expect: 404, path: '/orders/99/cancellations', headers: admin },
    { expect: 401, path: '/orders/1/cancellations' },
  ],
  'get /orders': [
    { expect: 200, path: '/orders?limit=1', headers: admin },
    { expect: 401, path: '/orders' },
    { expect: 400, path: '/orders?after=-1', headers: admin },
  ],
  'delete /products/{product}': [
    { expect: 412, path: '/products/77', headers: { ...admin, 'if-match': '"1"' } },
    { expect: 200, path: '/products/77', headers: admin },
    { expect: 404, path: '/products/77', headers: admin },
    { expect: 403, path: '/products/77', headers: { authorization: 'Bearer guess' } },
  ],
  'get /audit': [
    { expect: 200, path: '/audit', headers: admin },
    { expect: 401, path: '/audit' },
  ],
};

t.test('there is a call for every operation that is described', async (t) => {
  const described = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  t.same(described.sort(), Object.keys(calls).sort());
});

for (const [operation, list] of Object.entries(calls)) {
  t.test(`${operation} answers as it is described`, async (t) => {
    for (const call of list) await check(t, operation, call);
  });
}

async function check(t: Test, operation: string, call: Call): Promise<void> {
  const [method = '', path = ''] = operation.split(' ');
  const label = `${method} ${call.path} → ${call.expect}`;
  const { status, headers, text } = await ask(method.toUpperCase(), call);
  t.equal(status, call.expect, `${label}: ${text.slice(0, 200)}`);
  const own = description.paths[path]?.[method]?.responses[status];
  if (!own) {
    t.fail(`${label}: this status is not described`);
    return;
  }
  const answer = own.$ref === undefined ? own : description.components.responses[status];
  const where = own.$ref?.slice(1) ?? `/paths/${encoded(path)}/${method}/responses/${status}`;
  checkHeaders(t, label, answer, headers);
  const [media] = Object.keys(answer?.content ?? {});
  t.equal(headers.get('content-type')?.split(';')[0], media, `${label}: media type`);
  if (media !== 'application/json') return;
  const schema = `api#${where}/content/application~1json/schema`;
  const isValid = ajv.validate({ $ref: schema }, JSON.parse(text));
  t.ok(isValid, `${label}: ${ajv.errorsText()} in ${text.slice(0, 500)}`);
}

function checkHeaders(t: Test, label: string, answer: Answer | undefined, headers: Headers): void {
  for (const name of Object.keys(answer?.headers ?? {})) {
    const value = headers.get(name);
    // The mark of a replay is there for replays alone.
    if (value === null && name === 'idempotency-replayed') continue;
    const isValid = ajv.validate({ $ref: `api#/components/headers/${name}/schema` }, value);
    t.ok(isValid, `${label}: ${name} is ${value}`);
  }
}

/** The whole answer, or the beginning of one that does not end. */
async function ask(method: string, { path, body, headers = {} }: Call) {
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const stop = new AbortController();
  const { signal } = stop;
  const answer = await store.http(path, { method, headers, signal, ...given });
  const isStream = answer.headers.get('content-type') === 'text/event-stream';
  const text = isStream ? await within('the stream begins', begin(answer)) : await answer.text();
  stop.abort();
  return { status: answer.status, headers: answer.headers, text };
}

async function begin(answer: Response): Promise<string> {
  const { value } = (await answer.body?.getReader().read()) ?? {};
  return Buffer.from(value ?? []).toString();
}

/** A path as a step of a JSON pointer in a URI. */
function encoded(path: string): string {
  return encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'));
}
