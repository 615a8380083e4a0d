/**
 * An order replica's client of the catalog: sells in batches, receives the streams of sales, cancellations
 * and movements of stock, and asks for the last of each. It keeps one connection to each catalog replica and
 * follows their answers to the leader. Uses no socket. Invariant: the streams are passed on only from the
 * replica that answered the last subscription.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import type { Outcome, Purchase, SalesMessage } from '../wire/internal.js';
import type {
  LastSaleAnswer,
  LastSaleParams,
  SellAnswer,
  SellParams,
  TailAnswer,
  TailParams,
  WatermarkParams,
} from '../wire/order-requests.js';
import type { RequestHeader } from '../wire/request-header.js';
import type { TradeAnswer, TradeOperation, TradeOutcome, TradeParams } from '../wire/trade.js';
import type { BookNumbers } from './book-position.js';
import type { StreamSubscription } from './projection.js';
import { notAwaited } from './read-position.js';
import type { Seller } from './store.js';

/** A catalog leader that takes longer counts as unreachable. */
const askTimeoutMs = 1_000;

/** A connection to one catalog replica that reconnects on its own. */
export interface CatalogPeer {
  readonly name: string;
  readonly connected: boolean;
  /** The newest version of the catalog's rules that the replica supports; absent if unknown. */
  readonly rules?: number;
  call(
    method: string,
    params: unknown,
    timeoutMs: number,
    header?: RequestHeader,
  ): Promise<unknown>;
  notify(method: string, params: unknown): void;
}

export interface CatalogEvents {
  /** Gets the requested sales. */
  readonly sold: (sales: SalesMessage) => void;
  readonly cancelled?: (cancellations: SalesMessage) => void;
  readonly moved?: (movements: SalesMessage) => void;
  /** Called when their streams end. */
  readonly broken: () => void;
}

export class CatalogClient implements Seller, StreamSubscription {
  readonly #peers: readonly CatalogPeer[];
  readonly #events: CatalogEvents;
  #leaderIndex = 0;
  #tailing: CatalogPeer | undefined;
  #logTime = 0;

  constructor(peers: readonly CatalogPeer[], events: CatalogEvents) {
    this.#peers = peers;
    this.#events = events;
  }

  get logTime(): number {
    return this.#logTime;
  }

  async sell(
    orderEpoch: number,
    purchases: readonly Purchase[],
    header?: RequestHeader,
  ): Promise<readonly Outcome[]> {
    // A catalog leader of the previous build refuses purchases with more fields.
    const isNew = (this.#current().rules ?? 0) > 0;
    const params: SellParams = [orderEpoch, isNew ? purchases : purchases.map(withoutOldKey)];
    const [outcomes, logTime] = (await this.#ask('sell', params, header)) as SellAnswer;
    this.#logTime = Math.max(this.#logTime, logTime);
    return outcomes;
  }

  async trade(
    orderEpoch: number,
    operations: readonly TradeOperation[],
    header?: RequestHeader,
  ): Promise<readonly TradeOutcome[]> {
    const params: TradeParams = [orderEpoch, operations];
    const [outcomes, logTime] = (await this.#ask('trade', params, header)) as TradeAnswer;
    this.#logTime = Math.max(this.#logTime, logTime);
    return outcomes;
  }

  async tail(
    from: number,
    orderEpoch: number,
    gathers: boolean,
    cancellationsFrom?: number,
    movementsFrom?: number,
  ): Promise<void> {
    const params = tailParams(from, orderEpoch, gathers, cancellationsFrom, movementsFrom);
    const peer = this.#current();
    // Set before the request: the first sales may come in the same packet as the answer.
    this.#tailing = peer;
    const [logTime] = (await this.#ask('tail', params)) as TailAnswer;
    this.#logTime = Math.max(this.#logTime, logTime);
  }

  /** The last numbers that any customer may know of, or later ones. */
  async lastSale(wanted: BookNumbers): Promise<BookNumbers> {
    const [sale, cancelled, moved] = wanted;
    const params: LastSaleParams = moved === notAwaited ? [sale, cancelled] : wanted;
    const answer = (await this.#askLeader('last_sale', params)) as LastSaleAnswer;
    const [number, logTime, cancellation = 0, movement = 0] = answer;
    this.#logTime = Math.max(this.#logTime, logTime);
    return [number, cancellation, movement];
  }

  /** The newest version of the rules that all catalog replicas support; 0 if one is unknown. */
  get rules(): number {
    return Math.min(...this.#peers.map(({ rules }) => rules ?? 0));
  }

  confirm(number: number, orderEpoch: number, cancellation?: number, movement?: number): void {
    this.#tailing?.notify('cursor', cursorParams(number, orderEpoch, cancellation, movement));
  }

  /** A replica sent sales. */
  pushed(name: string, sales: SalesMessage): void {
    if (this.#tailing?.name === name) this.#events.sold(sales);
  }

  /** A replica sent cancellations. */
  pushedCancellations(name: string, cancellations: SalesMessage): void {
    if (this.#tailing?.name === name) this.#events.cancelled?.(cancellations);
  }

  /** A replica sent movements of stock. */
  pushedMovements(name: string, movements: SalesMessage): void {
    if (this.#tailing?.name === name) this.#events.moved?.(movements);
  }

  /** The connection to a replica closed. */
  lost(name: string): void {
    if (this.#current().name === name) this.#switchPeer();
    if (this.#tailing?.name !== name) return;
    this.#tailing = undefined;
    this.#events.broken();
  }

  /** Follows the replicas' answers to the leader: an order replica that sells nothing may not know it. */
  async #askLeader(method: string, params: unknown): Promise<unknown> {
    for (let others = this.#peers.length; ; others--) {
      const asked = this.#current();
      try {
        return await this.#ask(method, params);
      } catch (error) {
        if (others === 0 || this.#current() === asked) throw error;
      }
    }
  }

  async #ask(method: string, params: unknown, header?: RequestHeader): Promise<unknown> {
    const peer = this.#current();
    try {
      return await peer.call(method, params, askTimeoutMs, header);
    } catch (thrown) {
      const error = toBazarError(thrown);
      // Silence counts like a refusal: a stopped process keeps its connections.
      const isElsewhere = error.code === 'unavailable' || error.code === 'deadline_exceeded';
      if (isElsewhere && this.#current() === peer) this.#switchPeer(error);
      throw error;
    }
  }

  /** Switches to the replica named as leader, else to the next one; reachable replicas first. */
  #switchPeer(error?: BazarError): void {
    const named = this.#peers.find(({ name }) => name === error?.details.leader);
    const others = [
      ...this.#peers.slice(this.#leaderIndex + 1),
      ...this.#peers.slice(0, this.#leaderIndex),
    ];
    const next = named?.connected ? named : (others.find((peer) => peer.connected) ?? others[0]);
    if (next) this.#leaderIndex = this.#peers.indexOf(next);
    if (this.#tailing === undefined || this.#tailing === this.#current()) return;
    this.#tailing = undefined;
    this.#events.broken();
  }

  #current(): CatalogPeer {
    const peer = this.#peers[this.#leaderIndex];
    if (!peer) throw new BazarError('internal', 'there is no catalog');
    return peer;
  }
}

/** Fields that builds of older rules do not know are sent only if they are needed. */
function tailParams(
  from: number,
  orderEpoch: number,
  gathers: boolean,
  cancellationsFrom: number | undefined,
  movementsFrom: number | undefined,
): TailParams {
  if (cancellationsFrom !== undefined && movementsFrom !== undefined) {
    return [from, orderEpoch, gathers, cancellationsFrom, movementsFrom];
  }
  if (cancellationsFrom !== undefined) return [from, orderEpoch, gathers, cancellationsFrom];
  return gathers ? [from, orderEpoch, true] : [from, orderEpoch];
}

/** As tailParams. */
function cursorParams(
  number: number,
  orderEpoch: number,
  cancellation: number | undefined,
  movement: number | undefined,
): WatermarkParams {
  if (cancellation === undefined) return [number, orderEpoch];
  if (movement === undefined) return [number, orderEpoch, cancellation];
  return [number, orderEpoch, cancellation, movement];
}

function withoutOldKey(purchase: Purchase): Purchase {
  const [key, kind, hash, lines, seenTime] = purchase;
  return purchase.length > 5 ? [key, kind, hash, lines, seenTime] : purchase;
}
