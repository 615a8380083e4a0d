/** What is read from CSV: products, or a sentence and the line for each row that is none. */
import { Readable } from 'node:stream';
import t from 'tap';
import { type CsvForm, csvRows, plainCsv, type Row } from '../../../src/cli/stock/csv-rows.js';

const head = 'id,name,topic,price,quantity\n';

async function read(...chunks: (string | Buffer)[]): Promise<Row[]> {
  return readAs({}, ...chunks);
}

async function readAs(form: Partial<CsvForm>, ...chunks: (string | Buffer)[]): Promise<Row[]> {
  const rows: Row[] = [];
  const file = Readable.from(chunks);
  for await (const row of csvRows(file, { ...plainCsv, ...form })) rows.push(row);
  return rows;
}

/** The line, then the product's name or what is wrong. */
function told(rows: readonly Row[]): string[] {
  return rows.map((row) => `${row.line} ${'problem' in row ? row.problem : row.product.name}`);
}

t.test('columns may have any order, and the id may be omitted', async (t) => {
  const kite = { name: 'Kite', topic: 'toys', price: 4.5, quantity: 7 };
  t.same(await read('quantity,price,topic,name\n7,4.50,toys,Kite\n'), [{ line: 2, product: kite }]);
  const rows = await read(head, '30,Kite,toys,4.5,7\n,Kite,toys,4.50,7\n');
  t.same(rows, [
    { line: 2, product: { id: 30, ...kite } },
    { line: 3, product: kite },
  ]);
});

t.test(
  'quoted fields may have commas, quotes and line breaks, and line numbers stay correct',
  async (t) => {
    const rows = await read(`\ufeff${head}1,"A, ""b""",x,1,1\n3,"C\nc",x,1,1\n\n2,D,x,1,1`);
    t.match(rows, [
      { line: 2, product: { name: 'A, "b"' } },
      { line: 3, problem: /control characters/ },
      { line: 6, product: { name: 'D' } },
    ]);
  },
);

t.test('a file may arrive in any pieces', async (t) => {
  const bytes = Buffer.from(`${head}1,Größe,Spiele,1,1\n2,本,Spiele,1,1\n`);
  const pieces = [...bytes].map((byte) => Buffer.from([byte]));
  t.same(await read(...pieces), await read(bytes));
});

t.test('each wrong row is reported with its line, and the others are read', async (t) => {
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

t.test('an unclosed quote is reported with its line, and ends the import', async (t) => {
  const before = `${head}1,A,t,1,1\r\n2,"B\nb",t,1,1\n`;
  const rest = '9,Z,t,1,1\n';
  for (const [name, row, problem] of [
    ['to the end of the file', '3,"C,t,1,1\n', /a quote opens here and is never closed/],
    ['for long', `3,"C,t,1,1\n${rest.repeat(20_000)}`, /not closed within 65536 characters/],
    ['but by the next field', '3,"C,t,1,1\n4,"D",t,1,1\n', /text follows the next quote/],
    ['and text follows it', '3,"C" c,t,1,1\n', /text follows the next quote/],
    ['in a late field', '3,"C\nc",t,"1,1\n', /a quote opens here/],
  ] as const) {
    const rows = told(await read(before, row, rest, rest));
    const line = name === 'in a late field' ? 6 : 5;
    t.match(rows.slice(0, 2), ['2 A', /^3 name must have no control/], name);
    t.match(rows[2], problem, name);
    t.match(rows[2], `${line} `, name);
    t.match(rows[2], /the rest of the file was not read/, name);
    t.equal(rows.length, 3, name);
  }
});

t.test('a row that does not end is refused, and ends the import', async (t) => {
  const rows = told(await read(head, '1,A,t,1,1\n', 'x'.repeat(200_000), '\n2,B,t,1,1\n'));
  t.same(rows, [
    '2 A',
    '3 a row has more than 65536 characters; the rest of the file was not read',
  ]);
});

t.test('a stray quote affects only its own row, with any line ends', async (t) => {
  const rows = told(await read(head, '1,A "b" c,"t\r\nt",1,1\r\n2,B,t,1,1\r\n'));
  t.same(rows, ['2 a field has a quote but does not begin with one', '4 B']);
});

t.test('columns may be absent, but not both name and id', async (t) => {
  t.same(await read('name,price\nKite,4.5\n'), [
    { line: 2, product: { name: 'Kite', price: 4.5 } },
  ]);
  t.same(await read('id,quantity\n7,1\n'), [{ line: 2, product: { id: 7, quantity: 1 } }]);
  t.match(await read('id,quantity\n,1\n'), [{ line: 2, problem: /id/ }]);
  const product = { name: 'Kite', version: 3 };
  t.same(await read('name,version\nKite,3\nYo-yo,\n'), [
    { line: 2, product },
    { line: 3, product: { name: 'Yo-yo' } },
  ]);
  t.match(await read('name,version\nKite,0\nKite,x\n'), [
    { problem: /version/ },
    { problem: /version/ },
  ]);
});

t.test(
  'bytes that are not UTF-8 are reported with line and column, and end the import',
  async (t) => {
    const text = `${head}1,Größe,t,1,1\r\n2,本 B`;
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from('ü,t,1,1\n3,C,t,1,1\n', 'latin1')]);
    const wanted = [
      '2 Größe',
      '3 column 6: bytes that are not UTF-8; if a spreadsheet wrote the file, try --encoding latin1',
    ];
    t.same(told(await read(bytes)), wanted);
    t.same(told(await read(...[...bytes].map((byte) => Buffer.from([byte])))), wanted);
    const cut = Buffer.from(`${head}1,本`).subarray(0, -1);
    t.match(told(await read(cut)), [/^2 column 3: bytes that are not UTF-8/]);
  },
);

t.test('other encodings are read if given, and UTF-16 by its byte order mark', async (t) => {
  const text = `${head}1,Größe €,t,1,1\n`;
  const latin1 = Buffer.from(text.replace('€', '\x80'), 'latin1');
  t.same(told(await readAs({ encoding: 'latin1' }, latin1)), ['2 Größe €']);
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
  t.same(told(await read(utf16)), ['2 Größe €']);
  t.same(told(await readAs({ encoding: 'utf16le' }, utf16.subarray(2))), ['2 Größe €']);
  t.match(await readAs({ encoding: 'utf16le' }, Buffer.from([0, 0xd8])), [{ problem: /UTF-16/ }]);
});

t.test('line ends may be mixed, and empty lines are ignored', async (t) => {
  const rows = await read(
    '\n',
    head,
    '1,A,t,1,1\r\n\r\n2,B,t,1,1\r,,,,\n  \n\r3,"C\r\nc",t,1,1\n , ,,,\n4,D,t,1,1',
  );
  t.match(told(rows), ['3 A', '5 B', /^9 name must have no control/, '12 D']);
});

t.test('other delimiters allow a decimal comma', async (t) => {
  const rows = await readAs({ delimiter: ';' }, 'name;price\nA;4,50\nB, b;4.5\nC;1.234,50\n');
  t.match(rows, [
    { product: { name: 'A', price: 4.5 } },
    { product: { name: 'B, b', price: 4.5 } },
    { problem: /price/ },
  ]);
  const tabs = await readAs({ delimiter: 'tab' }, 'topic\tname\tprice\tid\n t \tA\t4,5\t\n');
  t.same(tabs, [{ line: 2, product: { topic: 't', name: 'A', price: 4.5 } }]);
  t.match(await read('name,price\nA,"4,50"\n'), [{ problem: /price/ }], 'not with the comma');
});

t.test('a thousands separator is not read as a decimal separator', async (t) => {
  t.match(await read('name,quantity\nA,1.000\nB,7.0\nC,"1,000"\n'), [
    { problem: /quantity/ },
    { product: { name: 'B', quantity: 7 } },
    { problem: /quantity/ },
  ]);
});

t.test('cells that were escaped as formulas are restored', async (t) => {
  const rows = told(await read("name\n'=1+1\n''@x\n'tis\n'\n"));
  t.same(rows, ['2 =1+1', "3 '@x", "4 'tis", "5 '"]);
});

t.test('the first line must name the columns', async (t) => {
  for (const wrong of ['', '\n', 'topic,price\n', `${head.trim()},colour\n`, 'id,id,name\n']) {
    await t.rejects(read(wrong), { name: 'UsageError' }, JSON.stringify(wrong));
  }
});

t.test('a first line with another delimiter is refused with advice', async (t) => {
  await t.rejects(read('id;name\n'), { message: /"id;name".*try --delimiter ';'/ });
  await t.rejects(read('id\tname\n'), { message: /try --delimiter 'tab'/ });
});
