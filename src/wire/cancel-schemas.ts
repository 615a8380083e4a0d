/** The shapes of cancellations as they are answered; their params are in schemas.ts. */
import { type Static, Type } from '#typebox';
import { CancellationNumber, OrderNumber, PricedLines, Total } from './schemas.js';

export const Cancelled = Type.Object({
  cancellation_number: CancellationNumber,
  order_number: OrderNumber,
  lines: PricedLines,
  /** To refund: the cancelled units at the prices of the order. */
  total: Total,
  restock: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  at: Type.String(),
  /** Of the order after this cancellation. */
  status: Type.Enum(['partly_cancelled', 'cancelled']),
  /** As in Placed. */
  replayed: Type.Optional(Type.Boolean()),
});
export type Cancelled = Static<typeof Cancelled>;

export const Cancellations = Type.Object({
  items: Type.Array(Cancelled),
  next: Type.Optional(Type.Integer()),
});
export type Cancellations = Static<typeof Cancellations>;
