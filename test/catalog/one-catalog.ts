/**
 * A catalog of one replica over a journal in memory, with its desk for other services; frontends
 * are peers that the test speaks for. Helper of the tests in this folder.
 */
import type { BazarError } from '../../src/base/errors.js';
import { purchaseLimits } from '../../src/base/limits.js';
import { silentLogger } from '../../src/base/logging.js';
import type { Peer } from '../../src/catalog/coherence/peer.js';
import { CatalogMachine, type CatalogResult } from '../../src/catalog/machine/catalog-machine.js';
import type { PurchaseOptions } from '../../src/catalog/machine/purchase-processor.js';
import { CatalogPeerHandler } from '../../src/catalog/service/peer-handler.js';
import { CatalogStore } from '../../src/catalog/service/store.js';
import type { LogRecord } from '../../src/consensus/types.js';
import { GroupHost } from '../../src/group/host.js';
import { noPeers } from '../../src/group/peers.js';
import { MemoryJournal } from '../group/memory-journal.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { product } from './log-builder.js';

type Invalidated = (error: BazarError | undefined, result: unknown) => void;

/** The owner of a frontend. */
export class FakeFrontend implements Peer {
  readonly remote = 'frontend-1';
  closed = false;
  readonly invalidated: unknown[] = [];
  readonly notified: [method: string, params: unknown][] = [];
  readonly #callbacks: Invalidated[] = [];

  request(_method: string, params: unknown, _timeoutMs: number, callback: Invalidated): void {
    this.invalidated.push(params);
    this.#callbacks.push(callback);
  }

  notify(method: string, params: unknown): boolean {
    this.notified.push([method, params]);
    return true;
  }

  end(): void {
    this.closed = true;
  }

  destroy(): void {
    this.closed = true;
  }

  acknowledge(): void {
    this.#callbacks.shift()?.(undefined, null);
  }
}

export interface OneCatalog {
  readonly clock: ManualClock;
  readonly host: GroupHost<CatalogResult>;
  readonly store: CatalogStore;
  readonly machine: CatalogMachine;
  readonly handler: CatalogPeerHandler;
  /** The answer to a peer's question; a refusal rejects. */
  ask(peer: Peer, method: string, params: unknown): Promise<unknown>;
}

/** Everything that microtasks and the ends of turns can do is done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Started on what an earlier one left on its disk. */
export async function openCatalog(
  disk: LogRecord[] = [],
  boundsTotals = () => true,
  limits: Partial<PurchaseOptions> = {},
): Promise<OneCatalog> {
  const clock = new ManualClock();
  const machine = new CatalogMachine({ ...purchaseLimits, ...limits });
  const host = new GroupHost<CatalogResult>({
    id: 'catalog-1',
    voters: ['catalog-1'],
    recoveryServers: [],
    learner: false,
    incarnation: 'first',
    journal: new MemoryJournal(disk),
    machine,
    base: { seq: 0, epoch: 0, time: 0 },
    clock,
    logger: silentLogger,
    peers: noPeers,
    gated: true,
    applied: (entry, result) => store.applied(entry, result),
  });
  const store = new CatalogStore({ group: host, machine, clock, boundsTotals });
  const audit = () => Promise.reject(new Error('no audit here'));
  const flush = (withMovements: boolean) => {
    store.salesStream.flush();
    if (withMovements) store.movementStream.flush();
  };
  const handler = new CatalogPeerHandler({ store, logger: silentLogger, clock, audit, flush });
  await host.start();
  await settled();
  return {
    ...{ clock, host, store, machine, handler },
    ask: (peer, method, params) =>
      new Promise((result, fail) => handler.request(peer, method, params, { result, fail })),
  };
}

/** One that serves, with the product Tux (id 1). */
export async function openStore(
  disk: LogRecord[] = [],
  boundsTotals?: () => boolean,
  limits?: Partial<PurchaseOptions>,
): Promise<OneCatalog> {
  const catalog = await openCatalog(disk, boundsTotals, limits);
  await catalog.store.stock(1, () => [product('Tux', { id: 1 })]);
  return catalog;
}
