/** The shapes of a product's stock and of its ledger as they are answered; their params are in schemas.ts. */
import { type Static, Type } from '#typebox';
import { movementCauses } from './movement.js';
import { ProductId } from './schemas.js';

const Units = Type.Integer({ minimum: 0 });

/** The numbers of docs/STOCK.md, at one position of the log. */
export const StockLevels = Type.Object({
  id: ProductId,
  available: Units,
  reserved: Units,
  on_hand: Units,
  received: Type.Integer(),
  sold: Units,
  returned: Units,
});
export type StockLevels = Static<typeof StockLevels>;

export const causeNames = Object.keys(movementCauses) as readonly (keyof typeof movementCauses)[];

export const LedgerMovement = Type.Object({
  number: Type.Integer({
    minimum: 1,
    description: 'Ascending; counted over all products, so one product has gaps.',
  }),
  at: Type.String(),
  cause: Type.Enum([...causeNames]),
  delta: Type.Integer({ description: 'Change of the units that can be sold or reserved.' }),
  balance: Type.Integer({ minimum: 0, description: 'These units after the movement.' }),
  reserved_delta: Type.Integer({ description: 'Change of the units in open holds.' }),
  reserved: Units,
  on_hand: Type.Integer({ minimum: 0, description: '`balance` and `reserved`.' }),
  /** What caused it. */
  order_number: Type.Optional(Type.Integer({ minimum: 1 })),
  hold_serial: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Links the movements of one hold.' }),
  ),
  cancellation_number: Type.Optional(Type.Integer({ minimum: 1 })),
  restock_number: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Of an adjustment. */
  reason: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
});
export type LedgerMovement = Static<typeof LedgerMovement>;

export const Ledger = Type.Object({
  items: Type.Array(LedgerMovement),
  next: Type.Optional(Type.Integer()),
});
export type Ledger = Static<typeof Ledger>;
