/**
 * Handles requests of other services on a catalog replica's replication port: cache sessions and
 * uncached reads of frontends, purchases and the sales stream of the order leader. Field positions
 * are defined in wire/internal.ts. Invariant: a disconnected peer holds no gate and gets no sales.
 */
import type { Clock } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import type { Logger } from '../../base/logging.js';
import type { PeerReply } from '../../group/types.js';
import type { CatalogAudit } from '../../wire/audit-messages.js';
import { type ReportAnswer, readReport } from '../../wire/frontend-report.js';
import type {
  EndSessionParams,
  GrantParams,
  RenewParams,
  SessionParams,
  UncachedReadAnswer,
  UncachedReadParams,
  WatchChangesParams,
} from '../../wire/internal.js';
import type {
  LastSaleAnswer,
  LastSaleParams,
  SellAnswer,
  SellParams,
  TailAnswer,
  TailParams,
  WatermarkParams,
} from '../../wire/order-requests.js';
import { checkPurchases } from '../../wire/purchase-check.js';
import { hasFields, isInteger, isText, isTuple } from '../../wire/shapes.js';
import type { TradeAnswer, TradeParams } from '../../wire/trade.js';
import { checkTrades } from '../../wire/trade-check.js';
import { CacheSessionHandler } from '../coherence/cache-session-handler.js';
import { grant } from '../coherence/grantable-reads.js';
import type { Peer } from '../coherence/peer.js';
import type { Subscriber } from '../streams/numbered-stream.js';
import type { ChangeListener } from './change-feed.js';
import { FrontendTable } from './frontend-table.js';
import type { CatalogStore } from './store.js';

export interface CatalogPeerHandlerOptions {
  readonly store: CatalogStore;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The catalog's part of an audit. */
  readonly audit: (token: string) => Promise<CatalogAudit>;
  /** As in CatalogEngine. */
  readonly flush: (withMovements: boolean) => void;
}

/** The streams of one order leader. */
interface Subscriptions {
  readonly sales: Subscriber;
  readonly cancellations?: Subscriber;
  readonly movements?: Subscriber;
}

export class CatalogPeerHandler {
  readonly #store: CatalogStore;
  readonly #options: CatalogPeerHandlerOptions;
  readonly #sessions: CacheSessionHandler;
  readonly #frontends = new FrontendTable();
  readonly #subscribers = new Map<Peer, Subscriptions>();
  readonly #listeners = new Map<Peer, ChangeListener>();
  #ledgerWanted = false;

  constructor(options: CatalogPeerHandlerOptions) {
    this.#options = options;
    this.#store = options.store;
    const { store, logger, clock } = options;
    this.#sessions = new CacheSessionHandler({ store, logger, nowMs: () => clock.nowMs() });
  }

  /** Whether an order leader has asked for the movements of stock. */
  get ledgerWanted(): boolean {
    return this.#ledgerWanted;
  }

  /** Returns false if the handler does not have the method. */
  request(peer: Peer, method: string, params: unknown, reply: PeerReply): boolean {
    switch (method) {
      case 'sell':
        this.#proposePurchases(params as SellParams, reply);
        return true;
      case 'trade':
        this.#proposeTrades(params as TradeParams, reply);
        return true;
      case 'tail':
        this.#tail(peer, params as TailParams, reply);
        return true;
      case 'last_sale':
        answer(this.#lastSale(params as LastSaleParams), reply);
        return true;
      case 'lend':
        reply.result(grant(this.#store, params as GrantParams));
        return true;
      case 'glance':
        answer(this.#uncachedRead(params), reply);
        return true;
      case 'begin_session':
        answer(this.#sessions.begin(peer, params as SessionParams), reply);
        return true;
      case 'renew_lease':
        this.#sessions
          .renew(peer, params as RenewParams, reply)
          .catch((error: unknown) => reply.fail(toBazarError(error)));
        return true;
      case 'end_session':
        this.#sessions.end(peer, params as EndSessionParams);
        reply.result(null);
        return true;
      case 'report_frontend':
        reply.result(this.#reported(peer, params));
        return true;
      case 'watch_changes':
        this.#watchChanges(peer, params as WatchChangesParams, reply);
        return true;
      case 'audit':
        answer(this.#options.audit((params as readonly [string])[0]), reply);
        return true;
      default:
        return false;
    }
  }

  notification(peer: Peer, method: string, params: unknown): void {
    if (method !== 'cursor') return;
    const [number, , cancellation, movement] = params as WatermarkParams;
    const { sales, cancellations, movements } = this.#subscribers.get(peer) ?? {};
    const { salesStream, cancellationStream, movementStream } = this.#store;
    if (sales) salesStream.confirm(sales, number);
    if (cancellations && isInteger(cancellation)) {
      cancellationStream.confirm(cancellations, cancellation);
    }
    if (movements && isInteger(movement)) movementStream.confirm(movements, movement);
  }

  closed(peer: Peer): void {
    this.#sessions.closed(peer);
    this.#frontends.closed(peer, this.#options.clock.nowMs());
    this.#unsubscribe(peer);
    this.#endListening(peer);
  }

  /**
   * This replica no longer leads: closes the peers' connections, so that they look for the new
   * leader.
   */
  resign(): void {
    const others = [...this.#subscribers.keys(), ...this.#listeners.keys()];
    for (const peer of [...this.#sessions.peers, ...others]) peer.end();
  }

  #proposePurchases([orderEpoch, purchases]: SellParams, reply: PeerReply): void {
    // A malformed purchase would stop every replica at apply.
    this.#store.proposePurchases(checkEpoch(orderEpoch), checkPurchases(purchases)).then(
      (outcomes) => {
        const answer: SellAnswer = [outcomes, this.#store.machine.lastLogTime];
        reply.result(answer);
      },
      (error: unknown) => reply.fail(toBazarError(error)),
    );
  }

  #proposeTrades([orderEpoch, operations]: TradeParams, reply: PeerReply): void {
    this.#store.proposeTrades(checkEpoch(orderEpoch), checkTrades(operations)).then(
      (outcomes) => {
        const answer: TradeAnswer = [outcomes, this.#store.machine.lastLogTime];
        reply.result(answer);
      },
      (error: unknown) => reply.fail(toBazarError(error)),
    );
  }

  /** Answered on the owner: waking a thread takes longer than the rest of the answer. */
  async #uncachedRead(params: unknown): Promise<UncachedReadAnswer> {
    if (!isUncachedRead(params)) throw new BazarError('invalid_argument', 'bad params of glance');
    const [id] = params;
    await this.#store.readBarrier();
    return this.#store.machine.byId(id) ?? null;
  }

  /** A read may wait for these sales, so the stream sends them now. */
  async #lastSale(params: LastSaleParams): Promise<LastSaleAnswer> {
    const [wanted, wantedCancellation = Infinity, wantedMovement = Infinity] = params;
    this.#requireLead();
    await this.#store.readBarrier();
    const { lastSale, lastLogTime, cancellations, movements } = this.#store.machine;
    const isAwaited = lastSale >= wanted || cancellations.last >= wantedCancellation;
    const isLedgerAwaited = movements.last >= wantedMovement;
    if (isAwaited || isLedgerAwaited) this.#options.flush(isLedgerAwaited);
    return [lastSale, lastLogTime, cancellations.last, movements.last];
  }

  /** Any replica can answer: the list of frontends does not depend on the leader. */
  #reported(peer: Peer, params: unknown): ReportAnswer {
    const nowMs = this.#options.clock.nowMs();
    const report = hasFields(params, 2) ? readReport(params[1]) : undefined;
    if (report) this.#frontends.report(peer, report, nowMs);
    else if (hasFields(params, 2) && isText(params[0]) && params[1] === null)
      this.#frontends.leave(params[0], nowMs);
    else throw new BazarError('invalid_argument', 'bad params of report_frontend');
    return [this.#frontends.rows(nowMs)];
  }

  #tail(peer: Peer, params: TailParams, reply: PeerReply): void {
    const [from, , gathers = false, cancellationsFrom, movementsFrom] = params;
    this.#requireLead();
    const {
      watermark,
      cancellations: cancelled,
      movements: moved,
      lastLogTime,
    } = this.#store.machine;
    requireKept('sales', from, watermark);
    requireKept('cancellations', cancellationsFrom, cancelled.watermark);
    requireKept('movements', movementsFrom, moved.watermark);
    this.#unsubscribe(peer);
    const { salesStream, cancellationStream, movementStream } = this.#store;
    const sales = subscriberOf(peer, 'sales', gathers);
    salesStream.subscribe(sales, from);
    this.#subscribers.set(peer, { sales });
    if (cancellationsFrom !== undefined) {
      const cancellations = subscriberOf(peer, 'cancellations', gathers);
      cancellationStream.subscribe(cancellations, cancellationsFrom);
      this.#subscribers.set(peer, { sales, cancellations });
    }
    if (movementsFrom !== undefined) {
      this.#ledgerWanted = true;
      const movements = subscriberOf(peer, 'movements', true);
      movementStream.subscribe(movements, movementsFrom);
      this.#subscribers.set(peer, { ...this.#subscribers.get(peer), sales, movements });
    }
    const answer: TailAnswer = [lastLogTime];
    reply.result(answer);
  }

  #unsubscribe(peer: Peer): void {
    const { sales, cancellations, movements } = this.#subscribers.get(peer) ?? {};
    this.#subscribers.delete(peer);
    if (sales) this.#store.salesStream.unsubscribe(sales);
    if (cancellations) this.#store.cancellationStream.unsubscribe(cancellations);
    if (movements) this.#store.movementStream.unsubscribe(movements);
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

  #requireLead() {
    const status = this.#store.status();
    if (status.serving) return status;
    throw new BazarError('unavailable', `${status.id} does not lead the catalog`, {
      details: { leader: status.leader },
    });
  }
}

/** The book of an order leader must continue what is kept. */
function requireKept(what: string, from: number | undefined, watermark: number): void {
  if (from === undefined || from > watermark) return;
  const message = `${what} through ${watermark} are in the order book and no longer kept: it ends before ${from}`;
  throw new BazarError('conflict', message);
}

function subscriberOf(
  peer: Peer,
  method: 'sales' | 'cancellations' | 'movements',
  gathers: boolean,
): Subscriber {
  return {
    gathers,
    send(run) {
      // A stream with a gap is useless: the order leader subscribes again on a new connection.
      if (!peer.notify(method, run)) peer.destroy();
    },
  };
}

function answer(work: Promise<unknown>, reply: PeerReply): void {
  work.then(
    (result) => reply.result(result),
    (error: unknown) => reply.fail(toBazarError(error)),
  );
}

/** The state keeps the epoch, so a malformed one must not reach the log. */
function checkEpoch(epoch: unknown): number {
  if (isInteger(epoch) && epoch >= 0) return epoch;
  throw new BazarError('invalid_argument', 'not an epoch');
}

/** A frontend of another version may send another shape. */
function isUncachedRead(params: unknown): params is UncachedReadParams {
  return isTuple(params, 1) && isInteger(params[0]);
}
