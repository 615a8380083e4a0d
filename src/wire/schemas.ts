/**
 * The one source of the public messages' shapes: it validates the wire and HTTP, and the API
 * description is made from it. Names and limits are stable (docs/WIRE.md).
 */
import { type Static, Type } from '#typebox';
import { cancelLimits, holdLimits, limitLimits, requestLimits as limits } from '../base/limits.js';
import { adjustReasons } from './internal.js';

const strict = { additionalProperties: false } as const;

export const ProductId = Type.Integer({ minimum: 1, maximum: limits.idMax });
export const ProductName = Type.String({ minLength: 1, maxLength: limits.nameLengthMax });
export const Topic = Type.String({ minLength: 1, maxLength: limits.topicLengthMax });
export const Quantity = Type.Integer({ minimum: 1, maximum: limits.purchaseQuantityMax });
export const Stock = Type.Integer({ minimum: 0, maximum: limits.quantityMax });
/** Each restock fills the stock up to this quantity; null: no target. */
export const RestockTo = Type.Union([
  Type.Integer({ minimum: 1, maximum: limits.quantityMax }),
  Type.Null(),
]);
/** How much one customer may buy; null: any number. */
export const PurchaseLimit = Type.Object(
  {
    quantity: Type.Integer({ minimum: 1, maximum: limitLimits.quantityMax }),
    /** In any time of this length; null: as long as the product has the limit. */
    window_seconds: Type.Union([
      Type.Integer({ minimum: 1, maximum: limitLimits.windowSecondsMax }),
      Type.Null(),
    ]),
  },
  strict,
);
export type PurchaseLimit = Static<typeof PurchaseLimit>;
export const LimitOrNull = Type.Union([PurchaseLimit, Type.Null()]);
/**
 * A price outside the store: a decimal with at most two places, checked when it is converted to cents.
 */
export const Price = Type.Number({ minimum: 0, maximum: limits.priceCentsMax / 100 });
/** An amount of money as exact text, as in answers over HTTP. Has room for `totalCentsMax`. */
export const AmountText = Type.String({ pattern: '^[0-9]{1,14}\\.[0-9]{2}$' });
/**
 * The total of an order. New orders are limited to `totalCentsMax`. Orders of older builds may exceed
 * it, up to the greatest purchase of the most expensive product.
 */
export const Total = Type.Number({
  minimum: 0,
  maximum: (limits.purchaseQuantityMax * limits.orderLinesMax * limits.priceCentsMax) / 100,
});
/** Quantity of a product in an order, added up over its lines. */
const OrderedQuantity = Type.Integer({
  minimum: 1,
  maximum: limits.purchaseQuantityMax * limits.orderLinesMax,
});
export const OrderNumber = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const CancellationNumber = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** 1–200 bytes of UTF-8; the byte length is checked separately. */
export const Key = Type.String({ minLength: 1, maxLength: limits.keyBytesMax });
/** 1–128 bytes of UTF-8, opaque; the byte length is checked separately. */
export const Customer = Type.String({ minLength: 1, maxLength: limits.customerBytesMax });
const terms = {
  customer: Type.Optional(Customer),
  /** The total that the customer has seen. */
  expected_total: Type.Optional(Type.Union([Total, AmountText])),
};
/** 128 random bits in hexadecimal. */
export const HoldId = Type.String({ pattern: '^[0-9a-f]{32}$' });
const TtlSeconds = Type.Integer({ minimum: 1, maximum: holdLimits.ttlSecondsMax });
/** Up to 200 bytes of UTF-8, given back unchanged; the byte length is checked separately. */
export const Reference = Type.String({ maxLength: holdLimits.referenceBytesMax });
const PageSize = Type.Integer({ minimum: 1, maximum: limits.pageMax });
const Version = Type.Integer({ minimum: 1 });

export const Line = Type.Union([
  Type.Object({ id: ProductId, quantity: Quantity }, strict),
  Type.Object({ name: ProductName, quantity: Quantity }, strict),
]);

const Lines = Type.Array(Line, { minItems: 1, maxItems: limits.orderLinesMax });

export const methodParams = {
  lookup: Type.Union([
    Type.Object({ id: ProductId }, strict),
    Type.Object({ name: ProductName }, strict),
  ]),
  search: Type.Object(
    {
      topic: Type.Optional(Topic),
      text: Type.Optional(Type.String({ maxLength: limits.nameLengthMax })),
      limit: Type.Optional(PageSize),
      after: Type.Optional(Type.Integer({ minimum: 0 })),
    },
    strict,
  ),
  buy: Type.Union([
    Type.Object({ id: ProductId, quantity: Quantity, key: Type.Optional(Key), ...terms }, strict),
    Type.Object(
      { name: ProductName, quantity: Quantity, key: Type.Optional(Key), ...terms },
      strict,
    ),
    Type.Object({ lines: Lines, key: Type.Optional(Key), ...terms }, strict),
  ]),
  hold: Type.Object(
    {
      lines: Lines,
      ttl_seconds: TtlSeconds,
      reference: Type.Optional(Reference),
      key: Type.Optional(Key),
      ...terms,
    },
    strict,
  ),
  read_hold: Type.Object({ id: HoldId }, strict),
  confirm_hold: Type.Object(
    { id: HoldId, lines: Type.Optional(Lines), key: Type.Optional(Key) },
    strict,
  ),
  release_hold: Type.Object({ id: HoldId, key: Type.Optional(Key) }, strict),
  extend_hold: Type.Object(
    { id: HoldId, ttl_seconds: TtlSeconds, key: Type.Optional(Key) },
    strict,
  ),
  order: Type.Object({ number: OrderNumber }, strict),
  orders: Type.Object(
    {
      after: Type.Optional(Type.Integer({ minimum: 0 })),
      before: Type.Optional(OrderNumber),
      order: Type.Optional(Type.Enum(['asc', 'desc'], { description: 'By number; asc.' })),
      since: Type.Optional(
        Type.String({ description: 'The earliest time, as RFC 3339 or a date.' }),
      ),
      until: Type.Optional(Type.String({ description: 'All times are before this one.' })),
      product: Type.Optional(
        Type.Union([ProductId, ProductName], {
          description: 'An id, or the name that the product had in the order.',
        }),
      ),
      key: Type.Optional(Key),
      limit: Type.Optional(PageSize),
    },
    strict,
  ),
  cancel_order: Type.Object(
    {
      number: OrderNumber,
      /** Without lines all that is left is cancelled. */
      lines: Type.Optional(Lines),
      restock: Type.Boolean({ description: 'Whether the units go back into stock.' }),
      /** Up to 200 bytes of UTF-8; the byte length is checked separately. */
      reason: Type.Optional(Type.String({ maxLength: cancelLimits.reasonBytesMax })),
      key: Type.Optional(Key),
    },
    strict,
  ),
  cancellations: Type.Object(
    {
      number: OrderNumber,
      before: Type.Optional(CancellationNumber),
      limit: Type.Optional(PageSize),
    },
    strict,
  ),
  add_product: Type.Object(
    {
      id: Type.Optional(ProductId),
      name: ProductName,
      topic: Topic,
      price: Price,
      quantity: Stock,
      restock_to: Type.Optional(RestockTo),
      purchase_limit: Type.Optional(LimitOrNull),
      key: Type.Optional(Key),
    },
    strict,
  ),
  update_product: Type.Object(
    {
      id: ProductId,
      price: Type.Optional(Price),
      quantity: Type.Optional(Stock),
      add: Type.Optional(Stock),
      topic: Type.Optional(Topic),
      restock_to: Type.Optional(RestockTo),
      purchase_limit: Type.Optional(LimitOrNull),
      if_version: Type.Optional(Version),
      key: Type.Optional(Key),
    },
    strict,
  ),
  adjust_stock: Type.Object(
    {
      id: ProductId,
      /** Exactly one of the two. */
      delta: Type.Optional(
        Type.Integer({ minimum: -limits.quantityMax, maximum: limits.quantityMax }),
      ),
      count: Type.Optional(Stock),
      reason: Type.Enum([...adjustReasons]),
      reference: Type.Optional(Reference),
      key: Type.Optional(Key),
    },
    strict,
  ),
  read_stock: Type.Object({ id: ProductId }, strict),
  ledger: Type.Object(
    {
      id: ProductId,
      after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      limit: Type.Optional(PageSize),
    },
    strict,
  ),
  remove_product: Type.Object(
    { id: ProductId, if_version: Type.Optional(Version), key: Type.Optional(Key) },
    strict,
  ),
  audit: Type.Object({}, strict),
  status: Type.Object({}, strict),
  ping: Type.Object({}, strict),
  hello: Type.Object(
    {
      protocol: Type.Integer(),
      client: Type.Optional(Type.String({ maxLength: 200 })),
      token: Type.Optional(Type.String({ maxLength: 200 })),
    },
    strict,
  ),
} as const;

export type PublicMethod = keyof typeof methodParams;
export type Params<M extends PublicMethod> = Static<(typeof methodParams)[M]>;

export const Product = Type.Object({
  id: ProductId,
  name: ProductName,
  topic: Topic,
  price: Price,
  /** May exceed what a change can set by the units that came back from holds and cancellations. */
  quantity: Type.Integer({ minimum: 0 }),
  version: Version,
  /** Absent if the product has no restock target. */
  restock_to: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.quantityMax })),
  /** Absent if a customer may buy any number. */
  purchase_limit: Type.Optional(PurchaseLimit),
});
export type Product = Static<typeof Product>;

/** The answer to a change: the product, and whether it repeats the first answer under the key. */
export type Changed = Product & { readonly replayed?: boolean };

/** The stock of a product after a correction. */
export const Adjusted = Type.Object({
  id: ProductId,
  /** What the correction changed. */
  delta: Type.Integer(),
  on_hand: Type.Integer({ minimum: 0 }),
  reserved: Type.Integer({ minimum: 0 }),
  /** As `quantity` of a product. */
  available: Type.Integer({ minimum: 0 }),
  version: Version,
  replayed: Type.Optional(Type.Boolean()),
});
export type Adjusted = Static<typeof Adjusted>;

export const Products = Type.Object({
  items: Type.Array(Product),
  next: Type.Optional(Type.Integer()),
});
export type Products = Static<typeof Products>;

export const Placed = Type.Object({
  order_number: OrderNumber,
  total: Total,
  /** Present, and true, if the key had been used and this repeats the first answer. */
  replayed: Type.Optional(Type.Boolean()),
});
export type Placed = Static<typeof Placed>;

export const PricedLines = Type.Array(
  Type.Object({ id: ProductId, name: ProductName, quantity: OrderedQuantity, price: Price }),
);

const OrderedLines = Type.Array(
  Type.Object({
    id: ProductId,
    name: ProductName,
    quantity: OrderedQuantity,
    price: Price,
    /** Units of it that are cancelled; absent if none are. */
    cancelled: Type.Optional(OrderedQuantity),
  }),
);

export const Held = Type.Object({
  hold_id: HoldId,
  /** Not before this time the hold ends by itself. */
  expires_at: Type.String(),
  lines: PricedLines,
  total: Total,
  /** As in Placed. */
  replayed: Type.Optional(Type.Boolean()),
});
export type Held = Static<typeof Held>;

export const Hold = Type.Object({
  hold_id: HoldId,
  status: Type.Enum(['open', 'confirmed', 'released', 'expired']),
  lines: PricedLines,
  total: Total,
  /** Absent in a confirmed hold. */
  expires_at: Type.Optional(Type.String()),
  /** Of a confirmed hold. */
  order_number: Type.Optional(OrderNumber),
  reference: Type.Optional(Reference),
});
export type Hold = Static<typeof Hold>;

export const HoldReleased = Type.Object({
  hold_id: HoldId,
  status: Type.Enum(['released']),
  replayed: Type.Optional(Type.Boolean()),
});
export type HoldReleased = Static<typeof HoldReleased>;

export const HoldExtended = Type.Object({
  hold_id: HoldId,
  expires_at: Type.String(),
  replayed: Type.Optional(Type.Boolean()),
});
export type HoldExtended = Static<typeof HoldExtended>;

export const Order = Type.Object({
  number: OrderNumber,
  name: ProductName,
  quantity: OrderedQuantity,
  lines: OrderedLines,
  /** Of what was bought, whatever is cancelled of it. */
  total: Total,
  at: Type.String(),
  status: Type.Enum(['placed', 'partly_cancelled', 'cancelled']),
});
export type Order = Static<typeof Order>;

export const Orders = Type.Object({
  items: Type.Array(Order),
  next: Type.Optional(Type.Integer()),
});
export type Orders = Static<typeof Orders>;
