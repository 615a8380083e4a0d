/** Tables and statements of the store on PostgreSQL. */

export const database = 'postgres';
export const role = 'bench';

/** Half of a page of `items` stays free, so that an update of the stock needs no new index entry. */
export const schema = `
CREATE TABLE items (
  id integer PRIMARY KEY,
  price_cents integer NOT NULL,
  stock integer NOT NULL CHECK (stock >= 0)
) WITH (fillfactor = 50);
CREATE TABLE order_counter (last bigint NOT NULL);
INSERT INTO order_counter VALUES (0);
CREATE TABLE orders (
  number bigint PRIMARY KEY,
  key text NOT NULL UNIQUE,
  item integer NOT NULL REFERENCES items,
  quantity integer NOT NULL,
  total_cents bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
)`;

/** $1: price; $2: stock of the items 1, 2, 3 … */
export const fillItems = `
INSERT INTO items (id, price_cents, stock)
SELECT place, $1, stock FROM unnest($2::integer[]) WITH ORDINALITY AS given (stock, place)`;

/**
 * The server prepares its statement while the tables are still small. These settings keep the plan from
 * reading whole tables later.
 */
export const serverSettings = `SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan`;

/**
 * Decides a batch of purchases in one transaction. $1: keys, all different; $2: items; $3: quantities.
 * Returns a row for each purchase in their order: its order number, or null if the item does not exist
 * (found is false) or has too few units. The row of the counter is locked until the commit, so
 * order numbers have no gaps.
 */
export const decideBatch = `
WITH asked AS MATERIALIZED (
  SELECT given.*, known.number FROM
    unnest($1::text[], $2::integer[], $3::integer[])
      WITH ORDINALITY AS given (key, item, quantity, place)
    LEFT JOIN LATERAL (SELECT number FROM orders WHERE orders.key = given.key LIMIT 1) known ON true
), locked AS MATERIALIZED (
  SELECT id, price_cents, stock FROM items WHERE id = ANY ($2::integer[]) ORDER BY id FOR UPDATE
), fresh AS (
  SELECT asked.*, price_cents, stock,
    sum(quantity) OVER (PARTITION BY item ORDER BY place) AS taken
  FROM asked JOIN locked ON id = item WHERE number IS NULL
), granted AS MATERIALIZED (
  SELECT *, row_number() OVER (ORDER BY place) AS nth FROM fresh WHERE taken <= stock
), sold AS (
  UPDATE items SET stock = items.stock - units
  FROM (SELECT item, sum(quantity) AS units FROM granted GROUP BY item) AS sums
  WHERE id = item
), counted AS (
  UPDATE order_counter SET last = last + (SELECT count(*) FROM granted) RETURNING last
), placed AS (
  INSERT INTO orders (number, key, item, quantity, total_cents)
  SELECT last - (SELECT count(*) FROM granted) + nth, key, item, quantity, quantity * price_cents
  FROM granted CROSS JOIN counted
  RETURNING key, number
)
SELECT coalesce(asked.number, placed.number)::float8 AS number, locked.id IS NOT NULL AS found
FROM asked LEFT JOIN placed USING (key) LEFT JOIN locked ON id = item ORDER BY place`;

export const countOrders =
  'SELECT count(*)::float8 AS orders, coalesce(max(number), 0)::float8 AS last FROM orders';
export const listStock = 'SELECT stock FROM items ORDER BY id';
