/**
 * Frontend operations in a cache session with the leader. The test provides the services' answers, and
 * `asked` records each question with its receiver.
 */
import type { ClusterConfig } from '../../src/base/config.js';
import { BazarError, toBazarError } from '../../src/base/errors.js';
import { seededRandom } from '../../src/base/random.js';
import { newCounters } from '../../src/frontend/cache/counters.js';
import { ProductCache } from '../../src/frontend/cache/product-cache.js';
import { SearchCache } from '../../src/frontend/cache/search-cache.js';
import { FrontendOperations } from '../../src/frontend/operations.js';
import { Backends, type Port } from '../../src/frontend/requests/backends.js';
import { PurchaseKeys } from '../../src/frontend/requests/keys.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { inSession } from './in-session.js';

export interface Question {
  readonly to: string;
  readonly port: Port;
  readonly method: string;
  readonly params: unknown;
}

export type Answer = (question: Question) => unknown;

export const epoch = 7;
const at = { host: '127.0.0.1', port: 1 };
const members = (names: readonly string[]) =>
  names.map((name) => ({ name, service: at, peer: at }));
const catalogs = ['catalog-1', 'catalog-2'];
const orders = ['order-1', 'order-2', 'order-3'];
const cluster: ClusterConfig = {
  catalogs: members(catalogs),
  orders: members(orders),
  recovery: [],
};

/** Purchases of a batch reach `answer` one by one, as `buy`. */
export function stageOperations(answer: Answer, { knowsBatches = true } = {}) {
  const clock = new ManualClock();
  const asked: Question[] = [];
  const timeouts: number[] = [];
  const versions = inSession(epoch);
  const backends = new Backends({
    cluster,
    connect: ({ name }, _group, port) => ({
      async call(method, params, timeoutMs) {
        if (method === 'buys' && !knowsBatches) {
          throw new BazarError('unknown_method', 'this build knows no batches');
        }
        const ask = (question: Question): unknown => {
          timeouts.push(timeoutMs);
          asked.push(question);
          return answer(question);
        };
        if (method !== 'buys') return ask({ to: name, port, method, params });
        const purchases = params as readonly unknown[];
        return Promise.all(
          purchases.map(async (purchase) => {
            try {
              return await ask({ to: name, port, method: 'buy', params: purchase });
            } catch (thrown) {
              const { code, message, details } = toBazarError(thrown);
              return ['failed', code, message, details.unknown ?? null];
            }
          }),
        );
      },
      close: () => {},
    }),
  });
  backends.follow({ catalog: 'catalog-2', order: 'order-3' });
  const counters = newCounters();
  const cache = new ProductCache(versions, undefined, { counters });
  const operations = new FrontendOperations({
    backends,
    cache,
    pages: new SearchCache(versions, counters),
    keys: new PurchaseKeys(seededRandom(1)),
    clock,
    logTime: () => versions.logTime,
    currency: () => versions.currency,
    owner: {
      status: () => Promise.reject(new Error('not asked')),
      audit: () => Promise.reject(new Error('not asked')),
      notReady: () => undefined,
    },
  });
  return {
    operations,
    cache,
    versions,
    asked,
    /** How long each question waits for its answer. */
    timeouts,
    backends,
    clock,
    counters,
    /** All healthy replicas may be read from. */
    balance: () =>
      backends.follow({
        catalog: 'catalog-2',
        order: 'order-3',
        readers: { catalog: catalogs, order: orders },
      }),
    soon: () => ({ requestId: 'test', deadlineMs: clock.nowMs() + 5_000 }),
  };
}
