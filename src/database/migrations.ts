/**
 * The tables of a store, as a list of migrations. A migration that was released never changes; a later
 * one follows it. Plain SQL: no extension, no function of the server, no advisory lock.
 */

/** The migration at place n leads to version n + 1. `search_path` is the store's schema. */
export const migrations: readonly string[] = [
  `
CREATE TABLE store_meta (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  format text NOT NULL CHECK (format = 'bazar'),
  schema_version integer NOT NULL,
  cluster_id text NOT NULL,
  founding text NOT NULL
);
CREATE TABLE leaders (
  group_name text PRIMARY KEY,
  leader text,
  epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  log_end_seq bigint NOT NULL DEFAULT 0 CHECK (log_end_seq >= 0),
  log_end_epoch bigint NOT NULL DEFAULT 0,
  log_end_time bigint NOT NULL DEFAULT 0,
  confirmations bigint NOT NULL DEFAULT 0,
  CHECK (log_end_epoch <= epoch)
) WITH (fillfactor = 10);
CREATE TABLE log (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  epoch bigint NOT NULL,
  time bigint NOT NULL,
  command bytea NOT NULL
);
CREATE TABLE applied (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  applied_seq bigint NOT NULL DEFAULT 0 CHECK (applied_seq >= 0),
  last_order bigint NOT NULL DEFAULT 0 CHECK (last_order >= 0),
  head bytea NOT NULL DEFAULT ''
) WITH (fillfactor = 10);
CREATE TABLE products (
  id bigint PRIMARY KEY CHECK (id > 0),
  name text NOT NULL,
  topic text NOT NULL,
  price_cents bigint NOT NULL CHECK (price_cents >= 0),
  quantity bigint NOT NULL CHECK (quantity >= 0),
  version bigint NOT NULL,
  received bigint NOT NULL,
  sold bigint NOT NULL CHECK (sold >= 0),
  removed boolean NOT NULL,
  restock_to bigint CHECK (restock_to >= 0),
  CONSTRAINT products_books_check CHECK (quantity = received - sold)
) WITH (fillfactor = 50);
CREATE INDEX products_by_name ON products (name);
CREATE TABLE orders (
  number bigint PRIMARY KEY CHECK (number > 0),
  key bytea NOT NULL CHECK (octet_length(key) = 16),
  total_cents bigint NOT NULL CHECK (total_cents >= 0),
  at_ms bigint NOT NULL,
  seq bigint NOT NULL
);
CREATE INDEX orders_by_time ON orders (at_ms, number);
CREATE INDEX orders_by_key ON orders (key, number);
CREATE TABLE order_lines (
  order_number bigint NOT NULL REFERENCES orders (number),
  place integer NOT NULL CHECK (place > 0),
  product_id bigint NOT NULL REFERENCES products (id),
  name text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  price_cents bigint NOT NULL CHECK (price_cents >= 0),
  PRIMARY KEY (order_number, place)
);
CREATE INDEX order_lines_by_product ON order_lines (product_id, order_number);
CREATE TABLE purchase_keys (
  kind text NOT NULL CHECK (kind IN ('client', 'frontend')),
  ordinal bigint NOT NULL CHECK (ordinal > 0),
  digest bytea NOT NULL CHECK (octet_length(digest) = 16),
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) IN (0, 8)),
  code integer NOT NULL,
  first_value bigint NOT NULL,
  second_value bigint NOT NULL,
  time bigint NOT NULL,
  PRIMARY KEY (kind, ordinal)
);
CREATE TABLE change_keys (
  ordinal bigint PRIMARY KEY CHECK (ordinal > 0),
  digest bytea NOT NULL CHECK (octet_length(digest) = 16),
  request_hash bytea NOT NULL,
  result bytea NOT NULL,
  time bigint NOT NULL
);
CREATE VIEW sold_lines AS
  SELECT number, to_timestamp(at_ms / 1000.0) AS at, place, product_id, name, quantity, price_cents,
    quantity * price_cents AS line_cents
  FROM orders JOIN order_lines ON order_number = number;
INSERT INTO applied DEFAULT VALUES;
INSERT INTO leaders (group_name) VALUES ('catalog'), ('order')`,
  // Work on the tables that is not finished, as src/database/unfinished.ts describes it. No store starts on them.
  'ALTER TABLE store_meta ADD COLUMN unfinished text',
  // Holds, returns and purchase limits (docs/STOCK.md). Columns that end in `_time` are log times, as `time` is.
  `
ALTER TABLE products ADD COLUMN reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0);
ALTER TABLE products ADD COLUMN returned bigint NOT NULL DEFAULT 0 CHECK (returned >= 0);
ALTER TABLE products DROP CONSTRAINT products_books_check;
ALTER TABLE products ADD CONSTRAINT products_books_check
  CHECK (quantity + reserved = received - sold + returned);
ALTER TABLE products ADD COLUMN limit_quantity bigint CHECK (limit_quantity > 0);
ALTER TABLE products ADD COLUMN limit_window_seconds bigint CHECK (limit_window_seconds > 0);
ALTER TABLE products ADD CONSTRAINT products_limit_check
  CHECK (limit_quantity IS NOT NULL OR limit_window_seconds IS NULL);
ALTER TABLE orders ADD COLUMN customer bytea CHECK (octet_length(customer) = 16);
CREATE TABLE holds (
  serial bigint PRIMARY KEY CHECK (serial > 0),
  id bytea NOT NULL UNIQUE CHECK (octet_length(id) = 16),
  customer bytea CHECK (octet_length(customer) = 16),
  state text NOT NULL CHECK (state IN ('open', 'confirmed', 'released', 'expired')),
  ttl_seconds bigint NOT NULL CHECK (ttl_seconds > 0),
  opened_time bigint NOT NULL,
  opened_ms bigint NOT NULL,
  end_time bigint NOT NULL,
  expires_ms bigint,
  order_number bigint,
  reference text,
  CONSTRAINT holds_end_check CHECK ((state = 'confirmed') = (order_number IS NOT NULL)
    AND (state = 'confirmed') = (expires_ms IS NULL))
);
CREATE INDEX holds_by_end ON holds (end_time, serial) WHERE state <> 'open';
CREATE TABLE hold_lines (
  hold_serial bigint NOT NULL REFERENCES holds (serial) ON DELETE CASCADE,
  place integer NOT NULL CHECK (place > 0),
  product_id bigint NOT NULL REFERENCES products (id),
  quantity bigint NOT NULL CHECK (quantity > 0),
  price_cents bigint NOT NULL CHECK (price_cents >= 0),
  PRIMARY KEY (hold_serial, place)
);
CREATE TABLE limit_uses (
  product_id bigint NOT NULL REFERENCES products (id),
  customer bytea NOT NULL CHECK (octet_length(customer) = 16),
  source bigint NOT NULL,
  time bigint NOT NULL,
  last_sale bigint NOT NULL CHECK (last_sale >= 0),
  quantity bigint NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (product_id, customer, source)
);
CREATE INDEX limit_uses_by_time ON limit_uses (product_id, time) WHERE source <> 0;
CREATE VIEW held_lines AS
  SELECT serial, state, to_timestamp(opened_ms / 1000.0) AS opened_at,
    to_timestamp(expires_ms / 1000.0) AS expires_at, order_number, place, product_id, quantity,
    price_cents, quantity * price_cents AS line_cents
  FROM holds JOIN hold_lines ON hold_serial = serial`,
  // Cancellations of orders. `previous` is the cancellation of the order before this one, or 0. `cancelled` has id
  // and units of all that is cancelled of the order with this one. `batch` is the first one of the same log entry.
  `
ALTER TABLE applied ADD COLUMN last_cancellation bigint NOT NULL DEFAULT 0
  CHECK (last_cancellation >= 0);
CREATE TABLE cancellations (
  number bigint PRIMARY KEY CHECK (number > 0),
  key bytea NOT NULL CHECK (octet_length(key) = 16),
  order_number bigint NOT NULL REFERENCES orders (number),
  total_cents bigint NOT NULL CHECK (total_cents >= 0),
  restock boolean NOT NULL,
  reason text,
  at_ms bigint NOT NULL,
  previous bigint NOT NULL,
  cancelled bigint[] NOT NULL,
  is_whole boolean NOT NULL,
  batch bigint NOT NULL,
  CONSTRAINT cancellations_previous_check CHECK (previous >= 0 AND previous < number)
);
CREATE INDEX cancellations_by_order ON cancellations (order_number, number);
CREATE TABLE cancellation_lines (
  cancellation_number bigint NOT NULL REFERENCES cancellations (number),
  place integer NOT NULL CHECK (place > 0),
  product_id bigint NOT NULL REFERENCES products (id),
  name text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  price_cents bigint NOT NULL CHECK (price_cents >= 0),
  PRIMARY KEY (cancellation_number, place)
);
CREATE VIEW cancelled_lines AS
  SELECT number, order_number, to_timestamp(at_ms / 1000.0) AS at, restock, reason, place, product_id,
    name, quantity, price_cents, quantity * price_cents AS line_cents
  FROM cancellations JOIN cancellation_lines ON cancellation_number = number`,
  // The ledger. `begins_run` marks the first one of each run, in which the state holds them. Each line of a sale adds
  // a row, so a row has no foreign key.
  `
ALTER TABLE applied ADD COLUMN last_movement bigint NOT NULL DEFAULT 0 CHECK (last_movement >= 0);
CREATE TABLE stock_movements (
  number bigint PRIMARY KEY CHECK (number > 0),
  product_id bigint NOT NULL,
  source bigint NOT NULL,
  delta bigint NOT NULL,
  reserved_delta bigint NOT NULL,
  available bigint NOT NULL,
  reserved bigint NOT NULL,
  at_ms bigint NOT NULL,
  begins_run boolean NOT NULL,
  cause text NOT NULL,
  reason text,
  reference text,
  CONSTRAINT stock_movements_balance_check CHECK (available >= 0 AND reserved >= 0)
);
CREATE INDEX stock_movements_by_product ON stock_movements (product_id, number)`,
];

export const schemaVersion = migrations.length;

/** The tables that `TableChanges` fills. */
export const changedTables: ReadonlySet<string> = new Set([
  'applied',
  'products',
  'orders',
  'order_lines',
  'purchase_keys',
  'change_keys',
  'holds',
  'hold_lines',
  'limit_uses',
  'cancellations',
  'cancellation_lines',
  'stock_movements',
]);

/** What the service role may do: create and drop nothing, and never change orders, cancellations and movements. */
export const serviceRights: readonly string[] = [
  'SELECT ON store_meta',
  'SELECT, UPDATE ON leaders, applied',
  'SELECT, INSERT, DELETE ON log',
  'SELECT, INSERT, UPDATE ON products',
  'SELECT, INSERT ON orders, order_lines, cancellations, cancellation_lines, stock_movements',
  'SELECT, INSERT, UPDATE, DELETE ON purchase_keys, change_keys, holds, limit_uses',
  'SELECT, INSERT ON hold_lines',
];
/** All columns but the customer. */
export const orderReportRight = 'SELECT (number, key, total_cents, at_ms, seq) ON orders';
/**
 * What the report role may do. Keys and the log are not for reports. Of holds it reads a view without ids,
 * customers and references: anyone who knows an id can confirm or release the hold.
 */
export const reportRights: readonly string[] = [
  'SELECT ON store_meta, leaders, applied, products, order_lines, sold_lines, held_lines',
  orderReportRight,
  'SELECT ON cancellation_lines, cancelled_lines, stock_movements',
  `SELECT (number, order_number, total_cents, restock, reason, at_ms, previous, cancelled, is_whole)
    ON cancellations`,
];
