/** What is read from CSV: products, or a sentence and the line for each row that is none. */
import { Readable } from 'node:stream';
import t from 'tap';
import { csvRows, type Row } from '../../../src/cli/stock/csv-rows.js';

const head = 'id,name,topic,price,quantity\n';

async function read(...chunks: (string | Buffer)[]): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of csvRows(Readable.from(chunks))) rows.push(row);
  return rows;
}

t.test('columns stand in any order, and the id may be left out', async (t) => {
  const kite = { name: 'Kite', topic: 'toys', price: 4.5, quantity: 7 };
  t.same(await read('quantity,price,topic,name\n7,4.50,toys,Kite\n'), [{ line: 2, product: kite }]);
  const rows = await read(head, '30,Kite,toys,4.5,7\n,Kite,toys,4.50,7\n');
  t.same(rows, [
    { line: 2, product: { id: 30, ...kite } },
    { line: 3, product: kite },
  ]);
});

t.test(
  'quoted fields may hold commas, quotes and line breaks; lines are still right',
  async (t) => {
    const rows = await read(`\ufeff${head}1,"A, ""b""\nc",x,1,1\n\n2,D,x,1,1`);
    t.match(rows, [
      { line: 2, product: { name: 'A, "b"\nc' } },
      { line: 5, product: { name: 'D' } },
    ]);
  },
);

t.test('a file may come in any pieces', async (t) => {
  const bytes = Buffer.from(`${head}1,Größe,Spiele,1,1\n2,本,Spiele,1,1\n`);
  const pieces = [...bytes].map((byte) => Buffer.from([byte]));
  t.same(await read(...pieces), await read(bytes));
});

t.test('each wrong row is told with its line, and the others are read', async (t) => {
  const rows = await read(
    head,
    'x,A,t,1,1\n', // 2
    '0,A,t,1,1\n',
    '1,,t,1,1\n',
    '1,123,t,1,1\n', // 5
    '1,A,,1,1\n',
    '1,A,t,1.234,1\n',
    '1,A,t,-1,1\n', // 8
    '1,A,t,cheap,1\n',
    '1,A,t,1,1.5\n',
    '1,A,t,1,-1\n', // 11
    '1,A,t,1\n',
    '1,A,t,1,1,1\n',
    '1,A "b,t,1,1\n', // 14
    `1,${'x'.repeat(201)},t,1,1\n`,
    '1,A,t,1e3,1\n',
    '1,A,t,,1\n', // 17
    '1,Good,t,1,1\n',
  );
  t.equal(rows.length, 17);
  t.same(
    rows.map(({ line }) => line),
    Array.from({ length: 17 }, (_none, i) => i + 2),
  );
  const problems = rows.slice(0, -1).map((row) => ('problem' in row ? row.problem : 'none'));
  const about = ['id', 'id', 'name', 'digits', 'topic', 'decimals', 'price', 'price', 'quantity'];
  const more = ['quantity', '4 fields', '6 fields', 'quote', 'name', 'price', 'price'];
  for (const [i, word] of [...about, ...more].entries()) {
    t.match(problems[i], new RegExp(word, 'i'), `line ${i + 2}`);
  }
  t.match(rows.at(-1), { product: { name: 'Good' } });
});

t.test('a quote that is never closed costs its row and not the memory', async (t) => {
  const rest = '2,B,t,1,1\n'.repeat(20_000);
  const rows = await read(head, '1,"A,t,1,1\n', rest);
  t.ok(rows.length > 0);
  t.match(rows[0], { problem: /./ });
});

t.test('the first line must name the columns', async (t) => {
  for (const wrong of [
    '',
    '\n',
    'id,name,topic,price\n',
    `${head.trim()},colour\n`,
    'id,id,name\n',
  ]) {
    await t.rejects(read(wrong), { name: 'UsageError' }, JSON.stringify(wrong));
  }
});
