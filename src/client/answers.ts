/**
 * Readers of what a frontend answers: nothing of a server is believed before its shape was checked.
 * Unknown fields pass, so that an older client reads a newer store.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { BazarError } from '../base/errors.js';
import type { AuditReport, StoreStatus } from '../frontend/types.js';
import { Order, Orders, Placed, Product, Products } from '../wire/schemas.js';

const count = Type.Number({ minimum: 0 });
const group = Type.Union([Type.Literal('catalog'), Type.Literal('order')]);
const kind = Type.Union([Type.Literal('replica'), Type.Literal('recovery')]);
const role = Type.Union(
  (['leader', 'follower', 'learner', 'down'] as const).map((one) => Type.Literal(one)),
);

const Status = Type.Unsafe<StoreStatus>(
  Type.Object({
    members: Type.Array(
      Type.Object({
        name: Type.String(),
        group,
        kind,
        role,
        epoch: count,
        log_end: count,
        commit: count,
        pid: count,
      }),
    ),
    frontends: Type.Array(
      Type.Object({
        name: Type.String(),
        pid: count,
        cache: Type.Record(Type.String(), Type.Number()),
        lease: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])),
      }),
    ),
  }),
);

const Audit = Type.Unsafe<AuditReport>(
  Type.Object({
    ok: Type.Boolean(),
    sales: count,
    orders: count,
    products: Type.Array(
      Type.Object({
        id: Type.Integer(),
        name: Type.String(),
        received: Type.Number(),
        sold: count,
        stock: count,
        ordered: count,
      }),
    ),
    replicas: Type.Array(
      Type.Object({ name: Type.String(), group, seq: count, hash: Type.String() }),
    ),
    problems: Type.Array(Type.String()),
  }),
);

const schemas = {
  lookup: Product,
  search: Products,
  buy: Placed,
  order: Order,
  orders: Orders,
  add_product: Product,
  update_product: Product,
  remove_product: Product,
  status: Status,
  audit: Audit,
  ping: Type.Unknown(),
} as const;

export type Answers = { readonly [M in keyof typeof schemas]: Static<(typeof schemas)[M]> };

const validators = new Map<string, Validator>();

/** Throws `internal` where the answer is not what the method promises. */
export function readAnswer<M extends keyof Answers>(method: M, answer: unknown): Answers[M] {
  let validator = validators.get(method);
  if (!validator) {
    const schema: TSchema = schemas[method];
    validator = Compile(schema);
    validators.set(method, validator);
  }
  if (validator.Check(answer)) return answer as Answers[M];
  throw new BazarError('internal', `the answer to ${method} is not what it should be`);
}
