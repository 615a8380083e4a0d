/**
 * Operations of customers beyond a plain purchase, from rules 3 on: purchases with terms, holds, and
 * cancellations. They travel from a frontend to the order leader, to the catalog leader and into its log. Fields are
 * positional, as in internal.ts; docs/STOCK.md has their rules.
 */
import type { KeyDigest, KeyKind, PurchaseLine, SaleLine } from './purchase-parts.js';

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
  | readonly ['extend', key: OperationKey, id: HoldId, ttlSeconds: number]
  | readonly [
      'cancel',
      key: OperationKey,
      orderNumber: number,
      /** The lines and the customer of the order, as its book has them. */
      bought: readonly SaleLine[],
      customer: KeyDigest | null,
      /** Null: all that is left. */
      lines: readonly PurchaseLine[] | null,
      /** Whether the units go back into stock. */
      restock: boolean,
      reason: string | null,
    ];

/** A cancellation as a frontend sends it: the order leader adds what the order's book has. */
export type CancelRequest = readonly [
  'cancel',
  key: OperationKey,
  orderNumber: number,
  lines: readonly PurchaseLine[] | null,
  restock: boolean,
  reason: string | null,
];

/** What a frontend asks for. */
export type TradeRequest =
  | Exclude<TradeOperation, readonly ['cancel', ...unknown[]]>
  | CancelRequest;

export type OperationName = TradeOperation[0];
