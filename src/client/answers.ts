/**
 * Readers of a frontend's answers: each checks the shape before use. Unknown fields pass, so that an
 * older client can read a newer store. Written by hand, because loading the schema library takes longer
 * than most commands.
 */
import { BazarError } from '../base/errors.js';
import type { AuditReport, StoreStatus } from '../frontend/types.js';
import type { Cancellations, Cancelled } from '../wire/cancel-schemas.js';
import type {
  Adjusted,
  Changed,
  Held,
  Hold,
  HoldExtended,
  HoldReleased,
  Order,
  Orders,
  Placed,
  Product,
  Products,
} from '../wire/schemas.js';

import type { Ledger, StockLevels } from '../wire/stock-schemas.js';

export interface Answers {
  readonly lookup: Product;
  readonly search: Products;
  readonly buy: Placed;
  readonly hold: Held;
  readonly read_hold: Hold;
  readonly confirm_hold: Placed;
  readonly release_hold: HoldReleased;
  readonly extend_hold: HoldExtended;
  readonly order: Order;
  readonly orders: Orders;
  readonly cancel_order: Cancelled;
  readonly cancellations: Cancellations;
  readonly add_product: Changed;
  readonly update_product: Changed;
  readonly remove_product: Changed;
  readonly adjust_stock: Adjusted;
  readonly read_stock: StockLevels;
  readonly ledger: Ledger;
  readonly status: StoreStatus;
  readonly audit: AuditReport;
  readonly ping: unknown;
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const truth: Check = (value) => typeof value === 'boolean';
const amount: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const integer: Check = (value) => Number.isSafeInteger(value);
const anything: Check = () => true;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

function shape(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const record = value as Record<string, unknown>;
    return checks.every(([name, check]) => check(record[name]));
  };
}

const productFields = {
  id: integer,
  name: text,
  topic: text,
  price: amount,
  quantity: integer,
  version: integer,
  restock_to: optional(integer),
  purchase_limit: optional(shape({ quantity: integer, window_seconds: anything })),
};
const product = shape(productFields);
const changed = shape({ ...productFields, replayed: optional(truth) });
const pricedLines = list(shape({ id: integer, name: text, quantity: integer, price: amount }));
const placed = shape({ order_number: integer, total: amount, replayed: optional(truth) });
const hold = { hold_id: text, lines: pricedLines, total: amount };
const order = shape({
  number: integer,
  name: text,
  quantity: integer,
  lines: pricedLines,
  total: amount,
  at: text,
});
const cancelled = shape({
  cancellation_number: integer,
  order_number: integer,
  lines: pricedLines,
  total: amount,
  restock: truth,
  reason: optional(text),
  at: text,
  status: text,
  replayed: optional(truth),
});
const movement = shape({
  number: integer,
  at: text,
  cause: text,
  delta: integer,
  balance: integer,
  reserved_delta: integer,
  reserved: integer,
  on_hand: integer,
  order_number: optional(integer),
  hold_serial: optional(integer),
  cancellation_number: optional(integer),
  restock_number: optional(integer),
  reason: optional(text),
  reference: optional(text),
});
const member = shape({
  name: text,
  group: text,
  kind: text,
  role: text,
  epoch: integer,
  log_end: integer,
  commit: integer,
  pid: integer,
});
const requests = shape({
  answered: integer,
  failed: integer,
  lookups: integer,
  purchases: integer,
  orders: integer,
});
const frontend = shape({
  name: text,
  pid: integer,
  cache: shape({}),
  lease: shape({}),
  state: optional(text),
  raw: optional(text),
  http: optional(text),
  started_at: optional(text),
  requests: optional(requests),
  sessions: optional(integer),
  rss_bytes: optional(integer),
  lookup_times: optional(list(integer)),
  purchase_times: optional(list(integer)),
});
const totals = shape({
  frontends: integer,
  up: integer,
  cache: shape({}),
  requests,
  sessions: integer,
  rss_bytes: integer,
});
const audited = shape({
  id: integer,
  name: text,
  received: integer,
  sold: integer,
  stock: integer,
  ordered: integer,
});

const checks: Readonly<Record<keyof Answers, Check>> = {
  lookup: product,
  search: shape({ items: list(product), next: optional(integer) }),
  buy: placed,
  hold: shape({ ...hold, expires_at: text, replayed: optional(truth) }),
  read_hold: shape({
    ...hold,
    status: text,
    expires_at: optional(text),
    order_number: optional(integer),
    reference: optional(text),
  }),
  confirm_hold: placed,
  release_hold: shape({ hold_id: text, status: text, replayed: optional(truth) }),
  extend_hold: shape({ hold_id: text, expires_at: text, replayed: optional(truth) }),
  order,
  orders: shape({ items: list(order), next: optional(integer) }),
  cancel_order: cancelled,
  cancellations: shape({ items: list(cancelled), next: optional(integer) }),
  add_product: changed,
  update_product: changed,
  remove_product: changed,
  adjust_stock: shape({
    id: integer,
    delta: integer,
    on_hand: integer,
    reserved: integer,
    available: integer,
    version: integer,
    replayed: optional(truth),
  }),
  read_stock: shape({
    id: integer,
    available: integer,
    reserved: integer,
    on_hand: integer,
    received: integer,
    sold: integer,
    returned: integer,
  }),
  ledger: shape({ items: list(movement), next: optional(integer) }),
  status: shape({
    members: list(member),
    frontends: list(frontend),
    totals: optional(totals),
    time_bounds: optional(list(amount)),
  }),
  audit: shape({
    ok: truth,
    sales: integer,
    orders: integer,
    products: list(audited),
    replicas: list(shape({ name: text, group: text, seq: integer, hash: text })),
    problems: list(text),
  }),
  ping: anything,
};

/** Throws `internal` if the answer does not have the method's shape. */
export function readAnswer<M extends keyof Answers>(method: M, answer: unknown): Answers[M] {
  if (checks[method](answer)) return answer as Answers[M];
  throw new BazarError('internal', `the answer to ${method} is not what it should be`);
}
