/**
 * Operations of customers beyond a plain purchase, from rules 3 on: purchases with terms, and holds.
 * They travel from a frontend to the order leader (`trades`), to the catalog leader (`trade`) and into its
 * log. Fields are positional, as in internal.ts; docs/STOCK.md has their rules.
 */
import type {
  BuyFailure,
  KeyDigest,
  KeyKind,
  Outcome,
  PurchaseLine,
  SaleLine,
} from './internal.js';

/** 16 random bytes, drawn by a frontend. */
export type HoldId = Uint8Array;

/** As the first fields of a Purchase. `requestHash` is empty for a frontend's key. */
export type OperationKey = readonly [
  key: KeyDigest,
  kind: KeyKind,
  requestHash: Uint8Array,
  /** As in a Purchase. */
  seenTime: number,
];

/** What a customer states with a purchase or a hold. Null: nothing. */
export type Terms = readonly [
  /** First 16 bytes of the SHA-256 of the customer's name. */
  customer: KeyDigest | null,
  /** The total that the customer has seen; another one is refused. */
  expectedCents: number | null,
];

export type TradeOperation =
  | readonly ['buy', key: OperationKey, lines: readonly PurchaseLine[], terms: Terms]
  | readonly [
      'hold',
      key: OperationKey,
      id: HoldId,
      lines: readonly PurchaseLine[],
      ttlSeconds: number,
      terms: Terms,
      /** Given back unchanged. */
      reference: string | null,
    ]
  /** Null: all lines. */
  | readonly ['confirm', key: OperationKey, id: HoldId, lines: readonly PurchaseLine[] | null]
  | readonly ['release', key: OperationKey, id: HoldId]
  | readonly ['extend', key: OperationKey, id: HoldId, ttlSeconds: number];

/** `trades`, from a frontend to the order leader. `seenTime` of a key is null if the frontend has none. */
export type TradesParams = readonly TradeOperation[];
export type TradesAnswer = readonly (TradeOutcome | BuyFailure)[];

/** `trade`, from the order leader to the catalog leader. */
export type TradeParams = readonly [orderEpoch: number, operations: readonly TradeOperation[]];
export type TradeAnswer = readonly [outcomes: readonly TradeOutcome[], logTime: number];

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
  /** The total has another value than the expected one. */
  | readonly ['price_changed', totalCents: number, replayed: boolean];

export type OperationName = TradeOperation[0];
