/**
 * Observation of the HTTP listener: counts by operation and code, the rate limit, forwarded
 * headers.
 */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { RateLimit, rateLimitMemory } from '../../src/gateway/rate-limit.js';
import { RequestMeter } from '../../src/gateway/request-meter.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { setStage, settle, tux } from './stage.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function counted(meter: RequestMeter): string[] {
  return meter
    .samples('f')
    .filter(([name]) => name === 'bazar_requests_total')
    .map(([, [, ...labels], value]) => `${labels.join(' ')} ${value}`);
}

t.test('requests are counted with the codes of the wire', async (t) => {
  const meter = new RequestMeter();
  const { ask } = await setStage(
    {
      buy: async () => {
        throw new BazarError('out_of_stock', 'sold out', { details: { available: 0 } });
      },
    },
    { meter },
  );
  await ask('GET', '/products/8');
  await ask('GET', '/products/8', { headers: { 'if-none-match': '"3"' } });
  await ask('GET', '/products/99');
  await ask('POST', '/orders', { body: { id: 8, quantity: 1 } });
  await ask('POST', '/orders', { body: { id: 8, quantity: 0 } });
  await ask('DELETE', '/products/8');
  await ask('GET', '/livez');
  await ask('GET', '/nothing');
  await ask('GET', '/dialects/pygmy/lookup?id=8');
  await settle();
  t.same(counted(meter), [
    'http lookup ok 2',
    'http lookup not_found 1',
    'http buy invalid_argument 1',
    'http buy out_of_stock 1',
    'http remove_product unauthenticated 1',
    'http other ok 1',
    'http other not_found 1',
    'dialect other ok 1',
  ]);
});

t.test('an address that asks too often is 429 until the second is over', async (t) => {
  const clock = new ManualClock();
  clock.advance(7_300);
  const rateLimit = new RateLimit(rateLimitMemory(1), 2);
  const { ask, operations } = await setStage({}, { clock, rateLimit });
  t.equal((await ask('GET', '/products/8')).status, 200);
  t.equal((await ask('GET', '/nothing')).status, 404);
  const refused = await ask('GET', '/products/8');
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('retry-after'), '1');
  t.match(refused.json.error, { code: 429, type: 'overloaded', retry_after_ms: 700 });
  t.ok(refused.headers.has('x-request-id'));
  t.equal(operations.asked.length, 1);
  t.equal((await ask('GET', '/livez')).status, 200, 'probes are not counted');
  t.equal((await ask('GET', '/readyz')).status, 200);
  clock.advance(700);
  t.equal((await ask('GET', '/products/8')).status, 200);
});

t.test('a trace is forwarded with the request; without one nothing is', async (t) => {
  const headers: unknown[] = [];
  const lookup = async (_params: unknown, context: { header?: unknown }) => {
    headers.push(context.header);
    return tux;
  };
  const { ask } = await setStage({ lookup });
  await ask('GET', '/products/8', { headers: { traceparent, 'x-request-id': 'r-1' } });
  await ask('GET', '/products/8', { headers: { traceparent: 'nonsense' } });
  t.same(headers, [{ request_id: 'r-1', traceparent }, undefined]);
});

t.test('if requests are logged, each leaves a line, and services get its id', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const headers: unknown[] = [];
  const lookup = async (_params: unknown, context: { header?: unknown }) => {
    headers.push(context.header);
    return tux;
  };
  const debug = (fields: Record<string, unknown>): void => void lines.push(fields);
  const { ask } = await setStage(
    { lookup },
    { logsRequests: true, logger: { ...silentLogger, debug } },
  );
  await ask('GET', '/products/8?secret=1', { headers: { 'x-request-id': 'r-1', traceparent } });
  await ask('GET', '/nothing', { headers: { 'x-request-id': 'r-2' } });
  await settle();
  t.same(headers, [{ request_id: 'r-1', traceparent }]);
  t.match(lines, [
    {
      request_id: 'r-1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      method: 'GET',
      path: '/products/8',
      status: 200,
      code: 'ok',
      ms: Number,
    },
    { request_id: 'r-2', path: '/nothing', status: 404, code: 'not_found' },
  ]);
  t.equal(lines.length, 2);
});
