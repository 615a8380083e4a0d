/**
 * What the owners of other services ask a catalog replica on its replication port: frontends hold
 * sessions for their caches, the order leader sells and tails the sales. Positions of fields stand
 * in wire/internal.ts. Invariant: a peer that is gone holds no gate and gets no sales.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type {
  CatalogAudit,
  CursorParams,
  InvalidateParams,
  LendParams,
  SellAnswer,
  SellParams,
  SessionAnswer,
  TailAnswer,
  TailParams,
  WatchChangesParams,
} from '../wire/internal.js';
import { checkPurchases } from '../wire/purchase-check.js';
import type { ChangeListener } from './change-feed.js';
import type { CacheHolder } from './gates.js';
import { lend } from './lending.js';
import type { CatalogStore } from './store.js';
import type { Subscriber } from './tails.js';

/** The owner of another service, at the other end of a connection. */
export interface Peer {
  readonly remote: string;
  readonly closed: boolean;
  request(
    method: string,
    params: unknown,
    timeoutMs: number,
    callback: (error: BazarError | undefined, result: unknown) => void,
  ): void;
  notify(method: string, params: unknown): boolean;
  end(): void;
  destroy(error?: Error): void;
}

/** The answer to one of its questions. */
export interface PeerReply {
  result(value: unknown): void;
  fail(error: BazarError): void;
}

/** An invalidation that is not acknowledged for so long is not coming back: the session is cut. */
const invalidationMs = 5_000;

export interface PeerDeskOptions {
  readonly store: CatalogStore;
  readonly logger: Logger;
  /** The catalog's part of an audit. */
  readonly audit: (token: string) => Promise<CatalogAudit>;
}

export class PeerDesk {
  readonly #store: CatalogStore;
  readonly #options: PeerDeskOptions;
  readonly #holders = new Map<Peer, CacheHolder>();
  readonly #subscribers = new Map<Peer, Subscriber>();
  readonly #listeners = new Map<Peer, ChangeListener>();

  constructor(options: PeerDeskOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** False where the method is not one of this desk's. */
  request(peer: Peer, method: string, params: unknown, reply: PeerReply): boolean {
    switch (method) {
      case 'sell':
        this.#sell(params as SellParams, reply);
        return true;
      case 'tail':
        this.#tail(peer, params as TailParams, reply);
        return true;
      case 'lend':
        reply.result(lend(this.#store, params as LendParams));
        return true;
      case 'begin_session':
        this.#beginSession(peer, reply);
        return true;
      case 'watch_changes':
        this.#watchChanges(peer, params as WatchChangesParams, reply);
        return true;
      case 'audit':
        this.#options.audit((params as readonly [string])[0]).then(
          (audit) => reply.result(audit),
          (error: unknown) => reply.fail(toBazarError(error)),
        );
        return true;
      default:
        return false;
    }
  }

  notification(peer: Peer, method: string, params: unknown): void {
    if (method !== 'cursor') return;
    const [number] = params as CursorParams;
    const subscriber = this.#subscribers.get(peer);
    if (subscriber) this.#store.tails.confirm(subscriber, number);
  }

  closed(peer: Peer): void {
    const holder = this.#holders.get(peer);
    if (holder) {
      this.#holders.delete(peer);
      this.#store.gates.leave(holder);
    }
    const subscriber = this.#subscribers.get(peer);
    if (subscriber) {
      this.#subscribers.delete(peer);
      this.#store.tails.unsubscribe(subscriber);
    }
    this.#endListening(peer);
  }

  /** This replica leads no more: its peers look for the one who does. */
  resign(): void {
    const peers = [this.#holders, this.#subscribers, this.#listeners];
    for (const peer of peers.flatMap((each) => [...each.keys()])) peer.end();
  }

  #sell([orderEpoch, purchases]: SellParams, reply: PeerReply): void {
    // What is malformed would stop every replica at apply.
    this.#store.sell(orderEpoch, checkPurchases(purchases)).then(
      (outcomes) => {
        const answer: SellAnswer = [outcomes, this.#store.machine.lastLogTime];
        reply.result(answer);
      },
      (error: unknown) => reply.fail(toBazarError(error)),
    );
  }

  #tail(peer: Peer, [from]: TailParams, reply: PeerReply): void {
    this.#requireLead();
    const { cursor } = this.#store.machine;
    if (from <= cursor) {
      const message = `sales through ${cursor} are orders and no longer kept: the order book ends before ${from}`;
      throw new BazarError('conflict', message);
    }
    const before = this.#subscribers.get(peer);
    if (before) this.#store.tails.unsubscribe(before);
    const subscriber: Subscriber = {
      send(sales) {
        // A stream with a hole is none: the order leader asks again on another connection.
        if (!peer.notify('sales', sales)) peer.destroy();
      },
    };
    this.#store.tails.subscribe(subscriber, from);
    this.#subscribers.set(peer, subscriber);
    const answer: TailAnswer = [this.#store.machine.lastLogTime];
    reply.result(answer);
  }

  #watchChanges(peer: Peer, [wanted]: WatchChangesParams, reply: PeerReply): void {
    if (!wanted) {
      this.#endListening(peer);
    } else if (!this.#listeners.has(peer)) {
      this.#requireLead();
      const listener: ChangeListener = (changes) => {
        if (!peer.notify('changes', changes)) peer.destroy();
      };
      this.#listeners.set(peer, listener);
      this.#store.changes.join(listener);
    }
    reply.result(null);
  }

  #endListening(peer: Peer): void {
    const listener = this.#listeners.get(peer);
    if (!listener) return;
    this.#listeners.delete(peer);
    this.#store.changes.leave(listener);
  }

  #beginSession(peer: Peer, reply: PeerReply): void {
    const { logEnd, epoch } = this.#requireLead();
    const before = this.#holders.get(peer);
    if (before) this.#store.gates.leave(before);
    const holder = this.#holder(peer);
    this.#holders.set(peer, holder);
    const answer: SessionAnswer = [logEnd.seq, epoch];
    reply.result(answer);
    this.#store.gates.join(holder);
  }

  #holder(peer: Peer): CacheHolder {
    return {
      name: peer.remote,
      invalidate: (seq, touches, acknowledged) => {
        const params: InvalidateParams = [seq, touches.ids, touches.names, touches.topics];
        peer.request('invalidate', params, invalidationMs, (error) => {
          if (error === undefined) acknowledged();
          else this.#cut(peer, error);
        });
      },
    };
  }

  /** A frontend that does not acknowledge may serve what is old: it must notice that it is alone. */
  #cut(peer: Peer, error: BazarError): void {
    if (peer.closed) return;
    this.#options.logger.warn({ remote: peer.remote, error: error.message }, 'frontend is silent');
    peer.destroy(error);
  }

  #requireLead() {
    const status = this.#store.status();
    if (status.serving) return status;
    throw new BazarError('unavailable', `${status.id} does not lead the catalog`, {
      details: { leader: status.leader },
    });
  }
}
