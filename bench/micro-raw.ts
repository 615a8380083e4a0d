/**
 * Nanoseconds per request of a session thread's own code at the raw listener, from the bytes read to the
 * bytes to be written, without sockets: cached look-ups, and purchases refused from the cache. Run:
 * `node dist/bench/micro-raw.js`. Compare builds alternately, with several processes of each.
 */
import { systemClock } from '../src/base/clock.js';
import { silentLogger } from '../src/base/logging.js';
import { seededRandom } from '../src/base/random.js';
import { newCounters } from '../src/frontend/cache/counters.js';
import { InvalidationVersions, leaseFromNow } from '../src/frontend/cache/invalidation-versions.js';
import { ProductCache } from '../src/frontend/cache/product-cache.js';
import { SearchCache } from '../src/frontend/cache/search-cache.js';
import { FrontendOperations } from '../src/frontend/operations.js';
import { Backends } from '../src/frontend/requests/backends.js';
import { PurchaseKeys } from '../src/frontend/requests/keys.js';
import { RawGateway } from '../src/gateway/raw.js';
import { RequestMeter } from '../src/gateway/request-meter.js';
import { TokenCheck } from '../src/gateway/token-check.js';
import type { Connection, ConnectionEvents } from '../src/net/types.js';
import { encode } from '../src/wire/codec.js';
import { FrameWriter } from '../src/wire/frame.js';
import { encodeRequest } from '../src/wire/message.js';

const items = 17;
const quantity = 2;
/** Of one connection with 16 requests in flight. */
const requestsOfChunk = 16;
const connections = 10;
const rounds = 2_000;
const runs = 10;
const epoch = 1;
const leaseMs = 3_600_000;

let endOfTurn: (() => void)[] = [];
const clock = {
  ...systemClock,
  afterTurn(callback: () => void): void {
    endOfTurn.push(callback);
  },
};

function runTurn(): void {
  while (endOfTurn.length > 0) {
    const callbacks = endOfTurn;
    endOfTurn = [];
    for (const callback of callbacks) callback();
  }
}

/** Counts what is written to it. */
class CountingConnection implements Connection {
  readonly remote = '127.0.0.1:1';
  readonly pendingBytes = 0;
  events: ConnectionEvents | undefined;
  bytes = 0;
  last: Buffer | undefined;
  start(events: ConnectionEvents): void {
    this.events = events;
  }
  write(bytes: Uint8Array): boolean {
    this.bytes += bytes.length;
    this.last = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}

function gateway(): RawGateway {
  const versions = new InvalidationVersions();
  versions.beginSession(1, epoch, leaseFromNow(clock, leaseMs));
  const counters = newCounters();
  const cache = new ProductCache(versions, undefined, { counters });
  for (let id = 1; id <= items; id++) {
    const name = `Product ${id}`;
    const product = { id, name, topic: 'toys', price: 19.9, quantity, version: 1 };
    const found = { product, encoded: encode(product), sighting: cache.sightId(id) };
    cache.fill(found, { appliedSeq: 1, grantEpoch: epoch });
  }
  const notAsked = () => Promise.reject(new Error('not asked'));
  const operations = new FrontendOperations({
    backends: new Backends({
      cluster: { catalogs: [], orders: [], recovery: [] },
      connect: () => ({ call: notAsked, close: () => {} }),
    }),
    cache,
    pages: new SearchCache(versions, counters),
    keys: new PurchaseKeys(seededRandom(1)),
    clock,
    logTime: () => versions.logTime,
    currency: () => versions.currency,
    owner: { status: notAsked, audit: notAsked, notReady: () => undefined },
  });
  return new RawGateway({
    operations,
    inputBatches: versions,
    clock,
    meter: new RequestMeter(),
    rateLimit: undefined,
    logger: silentLogger,
    logsRequests: false,
    tokens: new TokenCheck({ adminToken: 'secret', clock, logger: silentLogger }),
    openAdmin: false,
  });
}

function chunks(method: string, params: (id: number) => Record<string, unknown>): Buffer[] {
  const writer = new FrameWriter();
  return Array.from({ length: items }, (_none, turn) => {
    for (let i = 0; i < requestsOfChunk; i++) {
      const id = ((turn * 5 + i * 3) % items) + 1;
      encodeRequest(writer, 100_000 + turn * requestsOfChunk + i, method, params(id));
    }
    return writer.take();
  });
}

/** Best of all runs, in nanoseconds of processor time, so that other load matters less. */
function measure(
  name: string,
  method: string,
  params: (id: number) => Record<string, unknown>,
  expected: string,
): void {
  const server = gateway();
  const open = Array.from({ length: connections }, () => new CountingConnection());
  for (const connection of open) server.accept(connection);
  const input = chunks(method, params);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run <= runs; run++) {
    const start = process.cpuUsage();
    for (let i = 0; i < rounds; i++) {
      for (const connection of open) connection.events?.data(input[i % items] ?? Buffer.alloc(0));
      runTurn();
    }
    const { user, system } = process.cpuUsage(start);
    const nanos = ((user + system) * 1_000) / (rounds * connections * requestsOfChunk);
    if (run > 0) best = Math.min(best, nanos);
  }
  const bytes = (open[0]?.bytes ?? 0) / ((runs + 1) * rounds * requestsOfChunk);
  if (!(open[0]?.last ?? Buffer.alloc(0)).includes(expected)) throw new Error(`not ${expected}`);
  const metrics = `${best.toFixed(0).padStart(6)} ns  ${bytes.toFixed(0).padStart(4)} bytes`;
  process.stdout.write(`  ${name.padEnd(24)} ${metrics} an answer\n`);
}

measure('cached look-up', 'lookup', (id) => ({ id }), 'Product 1');
measure('refused purchase', 'buy', (id) => ({ id, quantity: quantity + 1 }), 'out_of_stock');
process.exit();
