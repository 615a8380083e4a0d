/**
 * Messages and outcomes of trade operations: from a frontend to the order leader (`trades`) and from there
 * to the catalog leader (`trade`). Fields are positional, as in internal.ts.
 */
import type { BuyFailure, KeyDigest, Outcome, SaleLine } from './internal.js';
import type { HoldId, TradeOperation, TradeRequest } from './trade-operations.js';

export type {
  CancelRequest,
  HoldId,
  OperationKey,
  OperationName,
  Terms,
  TradeOperation,
  TradeRequest,
} from './trade-operations.js';

/** `trades`, from a frontend to the order leader. `seenTime` of a key is null if the frontend has none. */
export type TradesParams = readonly TradeRequest[];
export type TradesAnswer = readonly (TradeOutcome | BuyFailure)[];

/** `trade`, from the order leader to the catalog leader. */
export type TradeParams = readonly [orderEpoch: number, operations: readonly TradeOperation[]];
export type TradeAnswer = readonly [outcomes: readonly TradeOutcome[], logTime: number];

/** A committed cancellation, numbered like the sales; `at` is wall time in milliseconds. */
export type Cancellation = readonly [
  number: number,
  key: KeyDigest,
  orderNumber: number,
  lines: readonly SaleLine[],
  totalCents: number,
  restock: boolean,
  reason: string | null,
  at: number,
  /** Number of the order's cancellation before this one; 0: there is none. */
  previous: number,
  /** Id and units of all that is cancelled of the order with this cancellation, in one flat list. */
  cancelled: readonly number[],
  /** Nothing is left of the order. */
  isWhole: boolean,
];

/** How a hold ended. */
export type HoldEnd = 'confirmed' | 'released' | 'expired';
export type HoldState = 'open' | HoldEnd;

/** A hold, as a read shows it. */
export type HoldRecord = readonly [
  id: HoldId,
  state: HoldState,
  lines: readonly SaleLine[],
  totalCents: number,
  /** Wall time in milliseconds; null if it was confirmed. */
  expiresAt: number | null,
  /** Of the order, if it was confirmed. */
  orderNumber: number | null,
  reference: string | null,
];

/** `replayed`: this is the outcome stored under the key. */
export type TradeOutcome =
  | Outcome
  | readonly [
      'held',
      id: HoldId,
      /** Wall time in milliseconds. */
      expiresAt: number,
      lines: readonly SaleLine[],
      totalCents: number,
      replayed: boolean,
    ]
  | readonly ['released', replayed: boolean]
  | readonly ['extended', expiresAt: number, replayed: boolean]
  /** The hold is not open any more. */
  | readonly ['resolved', end: HoldEnd, replayed: boolean]
  | readonly ['no_hold', replayed: boolean]
  /** A confirmation names more units of a product than the hold has. */
  | readonly ['not_held', productId: number, units: number, replayed: boolean]
  /** The customer may buy `remaining` more; after `retryAfterMs` as many as were asked for. */
  | readonly [
      'limit_exceeded',
      productId: number,
      remaining: number,
      retryAfterMs: number | null,
      replayed: boolean,
    ]
  | readonly ['cancelled', number: number, orderNumber: number, replayed: boolean]
  /** No more than `left` units of the product can be cancelled. Product 0: nothing is left of the order. */
  | readonly ['not_cancellable', productId: number, left: number, replayed: boolean]
  /** The total has another value than the expected one. */
  | readonly ['price_changed', totalCents: number, replayed: boolean];
