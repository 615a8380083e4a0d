/**
 * What operators see of a real store: metrics of every service, events as they happen, a request's
 * trace in the logs of all services that handle it, and a rate limit that all listeners share.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { metricTable } from '../../src/base/metric-table.js';
import { Store } from './store.js';
import { until, within } from './until.js';

const store = new Store(t, 3327, { catalogs: 1, orders: 2, recovery: 1 });
await store.up(
  '--restock-every',
  '0',
  '--workers',
  '1',
  '--log-level',
  'debug',
  '--drain-delay',
  '3',
);
const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
const admin = { authorization: `Bearer ${token}` };

interface Happening {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A listener that keeps everything it hears. */
class Listener {
  readonly heard: Happening[] = [];
  readonly #stop = new AbortController();

  static async begin(path: string, lastId?: string): Promise<Listener> {
    const listener = new Listener();
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    const { signal } = listener.#stop;
    void listener.#listen(await store.http(path, { headers, signal }));
    return listener;
  }

  /** The first event that this holds for, past or to come. */
  wait(what: string, holds: (happening: Happening) => boolean): Promise<Happening> {
    return until(what, () => this.heard.find(holds));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #listen(answer: Response): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#hear(block);
      }
    } catch {
      // It was stopped.
    }
  }

  #hear(block: string): void {
    const fields = Object.fromEntries(
      block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
    );
    if (fields.event === undefined) return;
    const { id = '', event, data = '{}' } = fields;
    this.heard.push({ id, event, data: JSON.parse(data) as Record<string, unknown> });
  }
}

function buy(id: number, headers: Record<string, string> = {}): Promise<Response> {
  return store.http('/orders', {
    method: 'POST',
    headers,
    body: JSON.stringify({ id, quantity: 1 }),
  });
}

async function figures(): Promise<string[]> {
  return (await (await store.http('/metrics')).text()).split('\n');
}

t.test('every service reports all documented metrics', async (t) => {
  t.equal((await buy(8)).status, 200);
  const counted =
    'bazar_requests_total{service="frontend-1",door="http",operation="buy",code="ok"} 1';
  const lines = await until('the purchase is counted', async () => {
    const lines = await figures();
    return lines.includes(counted) ? lines : undefined;
  });
  for (const name of Object.keys(metricTable)) {
    t.ok(
      lines.includes(`# TYPE ${name} ${metricTable[name as keyof typeof metricTable].type}`),
      name,
    );
  }
  for (const service of store.services()) {
    const memory = lines.find((line) =>
      line.startsWith(`bazar_process_resident_memory_bytes{service="${service}"}`),
    );
    t.ok(Number(memory?.split(' ')[1]) > 1e6, `${service}: ${memory}`);
  }
  t.ok(lines.some((line) => /^bazar_last_order_number\{service="order-\d"\} 1$/.test(line)));
  t.ok(lines.includes('bazar_products{service="catalog-1"} 17'));
});

t.test('events report changes of stock and products', async (t) => {
  const listener = await Listener.begin('/events');
  await listener.wait('the stream is there', ({ event }) => event === 'reset');
  await buy(8);
  const { data } = await listener.wait('the sale', ({ event }) => event === 'stock');
  t.match(data, { id: 8, quantity: 98 });
  const kite = { id: 77, name: 'Kite', topic: 'toys', price: 1, quantity: 1 };
  const init = { headers: admin, body: JSON.stringify(kite) };
  t.equal((await store.http('/products', { method: 'POST', ...init })).status, 201);
  const added = await listener.wait('the addition', ({ event }) => event === 'product');
  t.match(added.data, { change: 'add', product: { ...kite, version: 1 } });
  await store.http('/products/77', { method: 'DELETE', headers: admin });
  await listener.wait(
    'the removal',
    (each) => each.data.change === 'remove' && each.data.id === 77,
  );
  listener.stop();
});

t.test(
  'events report a lost leader and the time without one, also to a listener that returns',
  async (t) => {
    const first = await Listener.begin('/events?history');
    await first.wait('the leader', ({ event }) => event === 'leader');
    const before = first.heard.at(-1)?.id;
    first.stop();
    const leader = await store.leader('order');
    await store.kill(leader);
    const second = await Listener.begin('/events', before);
    const ofOrders = (each: Happening): boolean => each.data.group === 'order';
    const lost = await second.wait(
      'the loss',
      (each) => ofOrders(each) && each.data.leader === null,
    );
    const next = await second.wait(
      'another leader',
      (each) => ofOrders(each) && each.event === 'leader' && typeof each.data.leader === 'string',
    );
    t.ok(second.heard.indexOf(lost) < second.heard.indexOf(next));
    t.ok(Number(next.data.outage_ms) > 0 && Number(next.data.epoch) > 1, JSON.stringify(next.data));
    await second.wait('it is back', ({ data }) => data.name === leader && data.state === 'up');
    second.stop();
    const history = await Listener.begin('/events?history');
    await history.wait('the history', ({ data }) => data.what === 'no_leader');
    t.notOk(history.heard.some(({ event }) => event === 'stock' || event === 'product'));
    history.stop();
    const lines = await figures();
    const outages = lines.find((line) =>
      line.startsWith('bazar_leader_outage_seconds_count{group="order"}'),
    );
    t.ok(Number(outages?.split(' ')[1]) >= 1);
  },
);

t.test('a trace stands in the logs of all who worked on a purchase', async (t) => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  const answer = await buy(8, { traceparent, 'x-request-id': 'shop-window-7' });
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('x-request-id'), 'shop-window-7');
  const log = (name: string): string =>
    readFileSync(join(store.folder, 'logs', `${name}.log`), 'utf8');
  const orderLeader = await store.leader('order');
  for (const name of ['frontend-1', orderLeader, 'catalog-1']) {
    const line = await until(`${name} has logged it`, () =>
      log(name)
        .split('\n')
        .find((each) => each.includes(trace)),
    );
    t.match(line, /"request_id":"shop-window-7"/, name);
    t.match(line, /"level":20,/, 'at debug');
  }
});

t.test('a frontend that is to stop is not ready at once, and still answers', async (t) => {
  const pid = store.pid('frontend-1');
  process.kill(Number(pid), 'SIGTERM');
  const notReady = await until('it is not ready', async () => {
    const answer = await store.http('/readyz');
    return answer.status === 503 ? answer : undefined;
  });
  t.ok(notReady.headers.has('retry-after'));
  t.equal(notReady.headers.get('connection'), 'close');
  t.equal((await store.http('/livez')).status, 200);
  t.equal((await buy(8)).status, 200, 'a client that does not know it yet is served');
  await until('it has stopped', () => store.pid('frontend-1') !== pid);
  await until(
    'it runs again',
    async () => store.running().includes('frontend-1') && store.isReady(),
  );
});

t.test('an address over the rate limit is refused by both listeners', async (t) => {
  // Not in order: the frontend would drain for three seconds.
  await store.killAll();
  await store.up('--restock-every', '0', '--workers', '2', '--rate-limit', '3');
  const client = await store.raw();
  // More than six seconds' worth at once.
  const raw = await within(
    'answers',
    Promise.all(Array.from({ length: 20 }, () => client.ask('lookup', { id: 8 }))),
  );
  const refused = raw.filter(({ error }) => error?.code === 'overloaded');
  t.ok(refused.length > 0, `${refused.length} of 20 refused`);
  t.ok(refused.every(({ error }) => error?.retryable));
  const http = await Promise.all(Array.from({ length: 20 }, () => store.http('/products/8')));
  const statuses = http.map(({ status }) => status);
  t.ok(statuses.filter((status) => status === 429).length > 0, statuses.join(' '));
  t.equal(http.find(({ status }) => status === 429)?.headers.get('retry-after'), '1');
  const probes = await Promise.all(Array.from({ length: 10 }, () => store.http('/livez')));
  t.ok(probes.every(({ status }) => status === 200));
});
