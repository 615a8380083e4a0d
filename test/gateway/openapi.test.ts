/** The API's description: sound, of everything that is served, and readable without a network. */
import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { EventHub } from '../../src/gateway/event-hub.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { setStage } from './stage.js';

const clock = new ManualClock();
const source = { begin: async () => ({ through: 0, text: '' }), listening: () => {} };
const stage = await setStage({}, { clock, events: new EventHub(source, clock, silentLogger) });

t.test('it is valid OpenAPI 3.1', async (t) => {
  const reply = await stage.ask('GET', '/openapi.json');
  t.equal(reply.status, 200);
  t.match(reply.headers.get('content-type'), 'application/json');
  const validator = new Validator();
  const { valid, errors } = await validator.validate(reply.json);
  t.ok(valid, JSON.stringify(errors));
  t.equal(validator.version, '3.1');
  t.doesNotThrow(() => validator.resolveRefs(), 'every reference leads somewhere');
});

t.test('it describes exactly the existing routes', async (t) => {
  const { json } = await stage.ask('GET', '/openapi.json');
  t.same(Object.keys(json.paths).sort(), [
    '/audit',
    '/docs',
    '/events',
    '/holds',
    '/holds/{id}',
    '/holds/{id}/confirm',
    '/holds/{id}/release',
    '/livez',
    '/openapi.json',
    '/orders',
    '/orders/{number}',
    '/orders/{number}/cancellations',
    '/products',
    '/products/{product}',
    '/products/{product}/adjustments',
    '/products/{product}/ledger',
    '/products/{product}/stock',
    '/readyz',
    '/status',
  ]);
  for (const [path, methods] of Object.entries<object>(json.paths)) {
    const { headers } = await stage.ask('PUT', path.replace(/\{\w+\}/, '1'));
    // What every path has is not described again.
    const implied = ['HEAD', 'OPTIONS'];
    const allowed = (headers.get('allow') ?? '')
      .split(', ')
      .filter((one) => !implied.includes(one));
    t.same(
      Object.keys(methods)
        .map((one) => one.toUpperCase())
        .sort(),
      allowed,
      path,
    );
  }
});

t.test('parameters and bodies match the schemas that check them', async (t) => {
  const { json } = await stage.ask('GET', '/openapi.json');
  const search = json.paths['/products'].get.parameters;
  t.same(
    search
      .filter((each: { in: string }) => each.in === 'query')
      .map(({ name }: { name: string }) => name),
    ['topic', 'text', 'limit', 'after'],
  );
  const buy = json.paths['/orders'].post.requestBody.content['application/json'].schema;
  for (const variant of buy.anyOf) t.notOk('key' in variant.properties, 'the key is a header');
  const change = json.paths['/products/{product}'].patch.requestBody.content['application/json'];
  t.same(Object.keys(change.schema.properties), [
    'price',
    'quantity',
    'add',
    'topic',
    'restock_to',
    'purchase_limit',
  ]);
  t.same(change.schema.required, []);
});

t.test('an answered stock may exceed what a change can set', async (t) => {
  const { json } = await stage.ask('GET', '/openapi.json');
  const { quantity } = json.components.schemas.Product.properties;
  t.same(quantity, { type: 'integer', minimum: 0 });
  const adjusted = json.paths['/products/{product}/adjustments'].post.responses['201'];
  const { data } = adjusted.content['application/json'].schema.properties;
  t.same(data.properties.available, { type: 'integer', minimum: 0 });
});

t.test('the administrator’s operations require the token', async (t) => {
  const { json } = await stage.ask('GET', '/openapi.json');
  const paths = Object.entries<Record<string, { security?: unknown }>>(json.paths);
  const guarded = paths.flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security !== undefined)
      .map(([method]) => `${method} ${path}`),
  );
  t.same(guarded.sort(), [
    'delete /products/{product}',
    'get /audit',
    'get /orders',
    'get /orders/{number}/cancellations',
    'get /products/{product}/ledger',
    'get /products/{product}/stock',
    'patch /products/{product}',
    'post /orders/{number}/cancellations',
    'post /products',
    'post /products/{product}/adjustments',
  ]);
});

t.test('the page shows every operation, and loads nothing else', async (t) => {
  const { json } = await stage.ask('GET', '/openapi.json');
  const page = await stage.ask('GET', '/docs');
  t.equal(page.status, 200);
  t.match(page.headers.get('content-type'), 'text/html; charset=utf-8');
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  for (const path of Object.keys(json.paths))
    t.ok(page.text.includes(`<code>${path}</code>`), path);
  t.notMatch(page.text, /<script|https?:\/\/(?!json-schema)|undefined|\[object/);
});
