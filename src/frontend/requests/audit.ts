/**
 * Compares the books: sales, returns and stock of the catalog against the order book, product by product,
 * and each replica's state hash at the audit entry. Pure; the caller has asked the services.
 */

import type { AuditMark, CatalogAudit, OrderAudit } from '../../wire/audit-messages.js';
import { balanceProblems } from '../../wire/balance-check.js';
import type { AuditProduct, AuditReport } from '../types.js';

/** A third of a public frame, because JSON is longer. */
const listBytesMax = 350 * 1024;
/** Size of a product without its name. */
const productBytes = 80;
const problemsMax = 500;

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
  const [, catalogHash, recomputedHash, sales, books, catalogProblems = [], made, moved] = catalog;
  const [, orderHash, orders, units, orderProblems, cancellations, returned = []] = order;
  const [movements, balances = []] = [order[7], order[8]];
  const ordered = new Map(units);
  const products = books.map((book): AuditProduct => {
    const [id, name, received, sold, stock, reserved = 0, back = 0] = book;
    const more = { ...(reserved > 0 ? { reserved } : {}), ...(back > 0 ? { returned: back } : {}) };
    return { id, name, received, sold, stock, ...more, ordered: ordered.get(id) ?? 0 };
  });
  const problems = [
    ...products.flatMap(productProblems),
    ...(cancellations === undefined ? [] : returnProblems(products, new Map(returned))),
    ...balanceProblems(products, balances),
    ...strangers(ordered, products),
    ...catalogProblems,
    ...orderProblems,
    ...marks.flatMap((mark) => markProblems(mark, catalogHash, orderHash)),
  ];
  if (orders !== sales)
    problems.push(`the catalog made ${sales} sales, the book has ${orders} orders`);
  if (made !== undefined && cancellations !== undefined && made !== cancellations) {
    problems.push(`the catalog made ${made} cancellations, the book has ${cancellations}`);
  }
  if (moved !== undefined && movements !== undefined && moved !== movements) {
    problems.push(`the catalog made ${moved} movements, the book has ${movements}`);
  }
  if (recomputedHash !== catalogHash) {
    problems.push('the state recomputed from the log differs from the state that is served');
  }
  const replicas = marks.map(({ name, group, mark: [seq, hash] }) => ({ name, group, seq, hash }));
  const cancelled = cancellations ? { cancellations } : {};
  const report = { ok: problems.length === 0, sales, orders, ...cancelled, replicas };
  return { ...report, ...listed(products), problems: fitting(problems) };
}

/** Limits the products to what fits a public answer. Every product was checked. */
function listed(products: readonly AuditProduct[]): Pick<AuditReport, 'products' | 'left_out'> {
  const wrong = products.filter((product) => productProblems(product).length > 0);
  const inOrder = wrong.length === 0 ? products : [...new Set([...wrong, ...products])];
  const shown: AuditProduct[] = [];
  let bytes = 0;
  for (const product of inOrder) {
    bytes += productBytes + Buffer.byteLength(product.name);
    if (bytes > listBytesMax) break;
    shown.push(product);
  }
  const more = products.length - shown.length;
  return { products: shown, ...(more > 0 ? { left_out: more } : {}) };
}

function fitting(problems: readonly string[]): string[] {
  const more = problems.length - problemsMax;
  if (more <= 0) return [...problems];
  return [...problems.slice(0, problemsMax), `and ${more} more`];
}

function productProblems(product: AuditProduct): string[] {
  const { id, name, received, sold, stock, ordered, reserved = 0, returned = 0 } = product;
  const problems: string[] = [];
  const label = `product ${id} (${name})`;
  if (stock < 0) problems.push(`${label}: the stock is ${stock}`);
  if (received - sold + returned !== stock + reserved) {
    const [back, held] = [
      returned > 0 ? ` + returned ${returned}` : '',
      reserved > 0 ? ` and reserved ${reserved}` : '',
    ];
    problems.push(
      `${label}: received ${received} − sold ${sold}${back} is not the stock of ${stock}${held}`,
    );
  }
  if (sold !== ordered) problems.push(`${label}: sold ${sold}, but ordered ${ordered}`);
  return problems;
}

/** The catalog and the order book must agree about the units that went back into stock. */
function returnProblems(
  products: readonly AuditProduct[],
  returned: ReadonlyMap<number, number>,
): string[] {
  return products.flatMap(({ id, name, returned: back = 0 }) => {
    const inBook = returned.get(id) ?? 0;
    if (back === inBook) return [];
    return [`product ${id} (${name}): returned ${back}, but ${inBook} by the cancellations`];
  });
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
