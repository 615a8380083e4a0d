import t from 'tap';
import { auditReport, type ReplicaMark } from '../../../src/frontend/requests/audit.js';
import type { CatalogAudit, OrderAudit } from '../../../src/wire/audit-messages.js';

const catalog: CatalogAudit = [9, 'c', 'c', 2, [[8, 'Tux', 100, 3, 97]]];
const order: OrderAudit = [5, 'o', 2, [[8, 3]], []];
const marks: ReplicaMark[] = [
  { name: 'catalog-1', group: 'catalog', mark: [9, 'c'] },
  { name: 'order-1', group: 'order', mark: [5, 'o'] },
];

t.test('books that balance are reported as such, product by product', async (t) => {
  const report = auditReport(catalog, order, marks);
  t.equal(report.ok, true);
  t.same(report.products, [{ id: 8, name: 'Tux', received: 100, sold: 3, stock: 97, ordered: 3 }]);
  t.equal(report.replicas.length, 2);
});

const imbalances: [string, CatalogAudit, OrderAudit, ReplicaMark[], RegExp][] = [
  ['a sale without an order', [9, 'c', 'c', 3, catalog[4]], order, marks, /3 sales.*2 orders/],
  ['units sold but not ordered', catalog, [5, 'o', 2, [[8, 2]], []], marks, /sold 3.*ordered 2/],
  ['stock out of nowhere', [9, 'c', 'c', 2, [[8, 'Tux', 100, 3, 98]]], order, marks, /stock of 98/],
  ['negative stock', [9, 'c', 'c', 2, [[8, 'Tux', 2, 3, -1]]], order, marks, /stock is -1/],
  [
    'an unknown product in the book',
    catalog,
    [
      5,
      'o',
      2,
      [
        [8, 3],
        [99, 1],
      ],
      [],
    ],
    marks,
    /product 99/,
  ],
  ['a state unlike its log', [9, 'c', 'x', 2, catalog[4]], order, marks, /recomputed/],
  [
    'what the order book itself found',
    catalog,
    [5, 'o', 2, [[8, 3]], ['gap at 7']],
    marks,
    /gap at 7/,
  ],
  [
    'a replica that has drifted',
    catalog,
    order,
    [{ name: 'catalog-2', group: 'catalog', mark: [9, 'y'] }],
    /catalog-2/,
  ],
];

/** With the last movement of the catalog, and of the book the number of movements and the last balances. */
const moved = (last: number): CatalogAudit => [...catalog, [], 0, last] as unknown as CatalogAudit;
const ledger = (count: number, id: number, available: number, reserved = 0): OrderAudit =>
  [...order, 0, [], count, [[id, available, reserved]]] as unknown as OrderAudit;

imbalances.push(
  ['a movement that is not in the book', moved(3), ledger(2, 8, 97), marks, /3 movements.*has 2/],
  [
    'a last movement unlike the stock',
    moved(3),
    ledger(3, 8, 96),
    marks,
    /stock of 97|available 97/,
  ],
  ['reserved units of movements only', moved(3), ledger(3, 8, 97, 1), marks, /97 and 1 by the mov/],
  ['a movement of an unknown product', moved(3), ledger(3, 9, 1), marks, /product 9 has movements/],
);

t.test('the last movements are compared with the stock', async (t) => {
  const { ok, problems } = auditReport(moved(3), ledger(3, 8, 97), marks);
  t.same([ok, problems], [true, []]);
});

for (const [title, catalogAudit, orderAudit, replicaMarks, problem] of imbalances) {
  t.test(`${title} is a problem`, async (t) => {
    const report = auditReport(catalogAudit, orderAudit, replicaMarks);
    t.equal(report.ok, false);
    t.ok(
      report.problems.some((text) => problem.test(text)),
      report.problems.join('; '),
    );
  });
}

t.test(
  'of too many products those that do not balance are listed, and as many as fit',
  async (t) => {
    const book = (id: number, stock: number) => [id, `Product ${id}`, 100, 0, stock] as const;
    const books = Array.from({ length: 100_000 }, (_none, i) =>
      book(i + 1, i === 99_000 ? 7 : 100),
    );
    const report = auditReport([9, 'c', 'c', 0, books], [5, 'o', 0, [], []], marks);
    t.equal(report.ok, false);
    t.equal(report.problems.length, 1, 'all were checked');
    t.equal(report.products[0]?.id, 99_001);
    t.equal(report.products.length + (report.left_out ?? 0), 100_000);
    t.ok(Buffer.byteLength(JSON.stringify(report)) < 1024 * 1024, 'the answer fits a frame');
  },
);

t.test('of too many problems the first are listed, with the number of all', async (t) => {
  const book = (id: number) => [id, `Product ${id}`, 100, 0, 99] as const;
  const books = Array.from({ length: 10_000 }, (_none, i) => book(i + 1));
  const { problems } = auditReport([9, 'c', 'c', 0, books], [5, 'o', 0, [], []], marks);
  t.equal(problems.length, 501);
  t.equal(problems.at(-1), 'and 9500 more');
});
