/**
 * The shapes of what operators are told of a store: who its members are and what they do, and how
 * its books stand. The API description and the types are made from them.
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

export const FrontendStatus = Type.Object({
  name: Type.String(),
  pid: Count,
  cache: Type.Record(Type.String(), Type.Number()),
  lease: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])),
});
export type FrontendStatus = Static<typeof FrontendStatus>;

export const StoreStatus = Type.Object({
  members: Type.Array(MemberStatus),
  frontends: Type.Array(FrontendStatus),
});
export type StoreStatus = Static<typeof StoreStatus>;

export const AuditProduct = Type.Object({
  id: ProductId,
  name: ProductName,
  received: Count,
  sold: Count,
  stock: Type.Integer(),
  ordered: Type.Integer({ minimum: 0, description: 'Units in the order book.' }),
});
export type AuditProduct = Static<typeof AuditProduct>;

export const AuditReport = Type.Object({
  ok: Type.Boolean({ description: 'Everything balances.' }),
  sales: Count,
  orders: Count,
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
