/**
 * The shapes of an operator's view of a store: its members and their state, and its books. The API
 * description and the types are generated from them.
 */
import { type Static, Type } from '#typebox';
import { ProductId, ProductName } from './schemas.js';

const Count = Type.Integer({ minimum: 0 });
const Group = Type.Enum(['catalog', 'order']);

export const MemberStatus = Type.Object({
  name: Type.String({ description: 'As order-3.' }),
  group: Group,
  kind: Type.Enum(['replica', 'recovery'], {
    description: 'A recovery server votes in its groups and keeps their logs; it never leads.',
  }),
  role: Type.Enum(['leader', 'follower', 'learner', 'down']),
  epoch: Count,
  log_end: Count,
  commit: Count,
  pid: Count,
});
export type MemberStatus = Static<typeof MemberStatus>;

const Requests = Type.Object(
  {
    answered: Count,
    failed: Type.Integer({ minimum: 0, description: 'With a 5xx, or refused as overloaded.' }),
    lookups: Count,
    purchases: Count,
    orders: Type.Integer({ minimum: 0, description: 'Purchases that became orders.' }),
  },
  { description: "Since the process started. A client's request counts once." },
);
const Times = Type.Array(Count, {
  description:
    'Requests up to each of `time_bounds`, each in one bucket, and the slower ones last.',
});

export const FrontendStatus = Type.Object({
  name: Type.String(),
  pid: Count,
  cache: Type.Record(Type.String(), Type.Number()),
  lease: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])),
  state: Type.Optional(
    Type.Enum(['up', 'down'], { description: 'down: no catalog replica hears it any more.' }),
  ),
  raw: Type.Optional(Type.String({ description: 'Its raw port, as host:port.' })),
  http: Type.Optional(Type.String({ description: 'Its HTTP port, as host:port.' })),
  started_at: Type.Optional(Type.String({ format: 'date-time' })),
  requests: Type.Optional(Requests),
  sessions: Type.Optional(Count),
  rss_bytes: Type.Optional(Count),
  lookup_times: Type.Optional(Times),
  purchase_times: Type.Optional(Times),
});
export type FrontendStatus = Static<typeof FrontendStatus>;

export const StoreStatus = Type.Object({
  members: Type.Array(MemberStatus),
  frontends: Type.Array(FrontendStatus, { description: 'The one that is asked stands first.' }),
  totals: Type.Optional(
    Type.Object(
      {
        frontends: Count,
        up: Count,
        cache: Type.Record(Type.String(), Type.Number()),
        requests: Requests,
        sessions: Count,
        rss_bytes: Count,
      },
      { description: 'All frontends added up; sessions and memory of those that are up.' },
    ),
  ),
  time_bounds: Type.Optional(Type.Array(Type.Number(), { description: 'Seconds, rising.' })),
});
export type StoreStatus = Static<typeof StoreStatus>;

export const AuditProduct = Type.Object({
  id: ProductId,
  name: ProductName,
  received: Count,
  sold: Count,
  stock: Type.Integer(),
  reserved: Type.Optional(Type.Integer({ minimum: 1, description: 'Units in open holds.' })),
  returned: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'Units of cancelled orders that went back into stock.',
    }),
  ),
  ordered: Type.Integer({ minimum: 0, description: 'Units in the order book.' }),
});
export type AuditProduct = Static<typeof AuditProduct>;

export const AuditReport = Type.Object({
  ok: Type.Boolean({ description: 'Everything balances.' }),
  sales: Count,
  orders: Count,
  cancellations: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'Cancellations in the order book; absent without any.',
    }),
  ),
  products: Type.Array(AuditProduct, {
    description: 'All that fit an answer, those that do not balance first.',
  }),
  left_out: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Products that were checked and are not listed.' }),
  ),
  replicas: Type.Array(
    Type.Object({ name: Type.String(), group: Group, seq: Count, hash: Type.String() }),
    { description: "State hash of each replica at the audit's entry." },
  ),
  problems: Type.Array(Type.String(), {
    description: 'One sentence for each thing that does not balance.',
  }),
});
export type AuditReport = Static<typeof AuditReport>;
