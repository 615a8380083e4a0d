/**
 * Builds the parts of a frontend's session thread below the gateway: authenticated TCP connections
 * to the backends, the cache with the shared invalidation versions, and the frontend operations.
 * The gateway adds the listeners.
 */

import { every, systemClock } from '../base/clock.js';
import type { ClusterConfig, MemberAddresses } from '../base/config.js';
import { cacheLimits, wireLimits } from '../base/limits.js';
import { systemRandom } from '../base/random.js';
import type { PeerTlsFiles } from '../base/tls-files.js';
import type { GroupName } from '../group/membership.js';
import { type Identity, introduction } from '../net/handshake.js';
import { RpcClient } from '../net/rpc-client.js';
import { peerTransport } from '../net/tls-transport.js';
import type { OwnerLink } from '../pool/types.js';
import type { Product } from '../wire/schemas.js';
import { countedSince, newCounters } from './cache/counters.js';
import { InvalidationVersions } from './cache/invalidation-versions.js';
import { ProductCache } from './cache/product-cache.js';
import { SearchCache } from './cache/search-cache.js';
import { SharedCache } from './cache/shared-cache.js';
import { FrontendOperations } from './operations.js';
import { Backends, type Leaders, type Port } from './requests/backends.js';
import { PurchaseKeys } from './requests/keys.js';
import type { AuditReport, InputBatches, StoreStatus } from './types.js';

const countersEveryMs = 250;
/** Maximum of products in a thread's list of its cache, so that one message can hold them. */
const contentMax = 10_000;

/** Passed to the threads by structured clone. */
export interface FrontendThreadData {
  readonly identity: Identity;
  readonly clusterId: string;
  readonly clusterToken: string;
  readonly clusterTls: PeerTlsFiles | undefined;
  readonly cluster: ClusterConfig;
  readonly versions: SharedArrayBuffer;
  /** The cache memory that all threads share. */
  readonly shared: SharedArrayBuffer;
  readonly cacheEntries: number;
}

export interface ThreadParts {
  readonly operations: FrontendOperations;
  readonly inputBatches: InputBatches;
  /** The products that this thread would serve from its cache now. */
  cached(): Product[];
  follow(leaders: Leaders): void;
  close(): void;
}

export function threadParts(owner: OwnerLink, data: FrontendThreadData): ThreadParts {
  const clock = systemClock;
  const caches = threadCaches(data);
  const backends = new Backends({
    cluster: data.cluster,
    connect: (member, group, port) => connect(member, group, port, data),
  });
  const counting = every(clock, countersEveryMs, countersTeller(owner, caches.products));
  const operations = new FrontendOperations({
    backends,
    cache: caches.products,
    pages: caches.pages,
    clock,
    keys: new PurchaseKeys(systemRandom),
    logTime: () => caches.versions.logTime,
    currency: () => caches.versions.currency,
    owner: {
      status: () => owner.call('status', null) as Promise<StoreStatus>,
      audit: () => owner.call('audit', null) as Promise<AuditReport>,
      notReady: () => notReady(backends.leaders),
    },
  });
  return {
    operations,
    inputBatches: caches.versions,
    cached: () => caches.products.content(contentMax),
    follow: (leaders) => backends.follow(leaders),
    close() {
      counting.cancel();
      backends.close();
    },
  };
}

interface ThreadCaches {
  readonly versions: InvalidationVersions;
  readonly products: ProductCache;
  readonly pages: SearchCache;
}

function threadCaches(data: FrontendThreadData): ThreadCaches {
  const counters = newCounters();
  const versions = new InvalidationVersions(data.versions);
  const shared = new SharedCache(versions, counters, data.shared);
  const bounds = { ...cacheLimits, entriesMax: data.cacheEntries };
  const isOff = data.cacheEntries === 0;
  return {
    versions,
    products: new ProductCache(versions, bounds, { shared, counters }),
    pages: new SearchCache(versions, counters, isOff ? { ...bounds, searchesMax: 0 } : bounds),
  };
}

function connect(
  member: MemberAddresses,
  group: GroupName,
  port: Port,
  { identity, clusterId: cluster, clusterToken: token, clusterTls }: FrontendThreadData,
): RpcClient {
  const clock = systemClock;
  const handshake = { identity, cluster, group, token, clock, random: systemRandom };
  const client = new RpcClient({
    address: member[port],
    transport: peerTransport(clusterTls),
    clock,
    random: systemRandom,
    trusted: true,
    frameBytesMax: wireLimits.internalFrameBytesMax,
    introduce: introduction(handshake, member.name),
  });
  client.start();
  return client;
}

/** Returns a function that sends the owner the counts since its last call. */
function countersTeller(owner: OwnerLink, cache: ProductCache): () => void {
  let told = newCounters();
  return () => {
    const news = countedSince(told, cache.counters);
    told = { ...cache.counters };
    if (news) owner.tell('counters', news);
  };
}

function notReady(leaders: Leaders): string | undefined {
  for (const group of ['catalog', 'order'] as const) {
    if (leaders[group] === undefined) return `the ${group} group has no leader at the moment`;
  }
  return undefined;
}
