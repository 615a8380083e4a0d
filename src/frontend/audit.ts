/**
 * The books, compared: what the catalog says it sold against what the order book holds, product by
 * product, and the state of each replica at the audit's entry. Pure; whoever calls has asked the
 * services.
 */
import type { AuditMark, CatalogAudit, OrderAudit } from '../wire/internal.js';
import type { AuditProduct, AuditReport } from './types.js';

export interface ReplicaMark {
  readonly name: string;
  readonly group: 'catalog' | 'order';
  readonly mark: AuditMark;
}

export function auditReport(
  catalog: CatalogAudit,
  order: OrderAudit,
  marks: readonly ReplicaMark[],
): AuditReport {
  const [, catalogHash, recomputedHash, sales, books] = catalog;
  const [, orderHash, orders, units, orderProblems] = order;
  const ordered = new Map(units);
  const products = books.map(([id, name, received, sold, stock]): AuditProduct => {
    return { id, name, received, sold, stock, ordered: ordered.get(id) ?? 0 };
  });
  const problems = [
    ...products.flatMap(productProblems),
    ...strangers(ordered, products),
    ...orderProblems,
    ...marks.flatMap((mark) => markProblems(mark, catalogHash, orderHash)),
  ];
  if (orders !== sales)
    problems.push(`the catalog made ${sales} sales, the book has ${orders} orders`);
  if (recomputedHash !== catalogHash) {
    problems.push('the state recomputed from the log differs from the state that is served');
  }
  const replicas = marks.map(({ name, group, mark: [seq, hash] }) => ({ name, group, seq, hash }));
  return { ok: problems.length === 0, sales, orders, products, replicas, problems };
}

function productProblems(product: AuditProduct): string[] {
  const { id, name, received, sold, stock, ordered } = product;
  const problems: string[] = [];
  const label = `product ${id} (${name})`;
  if (stock < 0) problems.push(`${label}: the stock is ${stock}`);
  if (received - sold !== stock) {
    problems.push(`${label}: received ${received} − sold ${sold} is not the stock of ${stock}`);
  }
  if (sold !== ordered) problems.push(`${label}: sold ${sold}, but ordered ${ordered}`);
  return problems;
}

function strangers(
  ordered: ReadonlyMap<number, number>,
  products: readonly AuditProduct[],
): string[] {
  const known = new Set(products.map((product) => product.id));
  return [...ordered.keys()]
    .filter((id) => !known.has(id))
    .map((id) => `product ${id} was ordered, but the catalog never had it`);
}

function markProblems(replica: ReplicaMark, catalogHash: string, orderHash: string): string[] {
  const expected = replica.group === 'catalog' ? catalogHash : orderHash;
  const [, hash] = replica.mark;
  return hash === expected ? [] : [`${replica.name}: its state differs from its leader's`];
}
