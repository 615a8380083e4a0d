/**
 * The hash of a catalog state, by which replicas, audits and restored snapshots are compared (I4).
 * Invariant: a state under older rules keeps the hash that earlier builds compute.
 */
import type { CatalogState } from './catalog-snapshot.js';
import { StateHash } from './state-hash.js';

export function hashOf({ head, products, purchases }: CatalogState): string {
  const hash = new StateHash();
  hash.number(head.seq);
  hash.number(head.logTime);
  hash.number(purchases.orderEpoch);
  hash.number(head.lastRestock);
  hash.number(Number(head.isStocked));
  hash.number(head.stockedSoFar);
  hash.number(purchases.sales.last);
  hash.number(purchases.sales.watermark);
  for (const [process, frontend] of head.frontends) {
    hash.text(process);
    hash.text(frontend);
  }
  products.hashInto(hash);
  for (const [first, , bytes] of purchases.sales.kept()) {
    hash.number(first);
    hash.bytes(bytes);
  }
  hash.text(purchases.clientKeys.sum);
  hash.text(purchases.frontendKeys.sum);
  if (head.rules > 0) {
    hash.number(head.rules);
    hash.number(head.rulesTime);
    purchases.writes.hashInto(hash);
  }
  if (head.rules > 1) hash.number(purchases.clientKeys.capacity);
  if (head.rules > 2) {
    hash.number(purchases.holds.last);
    hash.text(purchases.holds.sum);
    hash.text(products.currency);
    hash.number(products.uses.cleanedAt);
    hash.text(products.uses.sum);
    hash.number(purchases.cancellations.last);
    hash.number(purchases.cancellations.watermark);
    for (const [first, , bytes] of purchases.cancellations.kept()) {
      hash.number(first);
      hash.bytes(bytes);
    }
    hash.text(purchases.cancelled.sum);
  }
  if (head.rules > 3) {
    const { runs } = products.ledger;
    hash.number(runs.last);
    hash.number(runs.watermark);
    for (const [first, , bytes] of runs.kept()) {
      hash.number(first);
      hash.bytes(bytes);
    }
  }
  return hash.hex();
}
