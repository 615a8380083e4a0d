/**
 * What the order service needs of its engine beside the lead: the order book, how far it is, and its
 * audit.
 */
import type { Clock } from '../base/clock.js';
import type { OrderConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import type { StateMachine } from '../consensus/types.js';
import type { Engine } from '../group/engine.js';
import type { Member } from '../group/member.js';
import type { JobsPool } from '../pool/jobs-pool.js';
import type { OrderAudit } from '../wire/audit-messages.js';
import type { BookEnds, BookNumbers, BookPosition } from './book-position.js';
import type { CatalogClient } from './catalog-client.js';
import type { OrderResult } from './order-machine.js';
import type { Projection, ProjectionOptions } from './projection.js';
import type { OrderStore } from './store.js';
import type { OrderBook } from './thread-handler.js';

export interface OrderEngineOptions {
  readonly config: OrderConfig;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** More orders, cancellations or movements are in a book that another service writes. */
  readonly advanced: () => void;
}

export interface RunningOrders {
  readonly store: OrderStore;
  readonly member: Member<OrderResult>;
  readonly catalogClient: CatalogClient;
}

export interface OrderEngine {
  readonly engine: Engine<OrderResult>;
  readonly machine: StateMachine<OrderResult>;
  readonly position: BookPosition;
  /** False if one lost disk can lose a committed sale, but not a committed order (A43). */
  readonly salesAreSafe: boolean;
  /** Absent: the catalog writes the orders. */
  newProjection?(
    parts: Pick<ProjectionOptions, 'subscription' | 'answersAtSale' | 'propose'>,
  ): Projection;
  /** The store waits for an order, a cancellation or a movement of a book that another service writes. */
  awaited?(wanted: Partial<BookEnds>): void;
  openBook(store: OrderStore): OrderBook;
  /** Starts the upkeep, once the member listens. */
  begin(running: RunningOrders): void;
  /** The book through an order, a cancellation and a movement. */
  audit(store: OrderStore, token: string, through: BookNumbers): Promise<OrderAudit>;
  /** Resolves with the reason when the process must end. */
  readonly failed: Promise<Error>;
  /** Ends the upkeep. */
  end(): Promise<void>;
}
