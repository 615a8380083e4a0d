/**
 * Reads products from CSV, row by row and never the whole file: every row is either a product that
 * the store could take, or a sentence about what is wrong with it and its line. Knows no store.
 */
import type { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { toBazarError } from '../../base/errors.js';
import { priceToCents } from '../../wire/money.js';
import type { Params } from '../../wire/schemas.js';
import { validateParams } from '../../wire/validate.js';
import { UsageError } from '../exit-codes.js';
import { type Column, columns } from './columns.js';

/** A quote that is never closed must not swallow a whole file. */
const rowCharactersMax = 64 * 1024;

export type NewProduct = Params<'add_product'>;

export type Row =
  | { readonly line: number; readonly product: NewProduct }
  | { readonly line: number; readonly problem: string };

interface Parsed {
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

/** Throws a UsageError where the first line does not name the columns. */
export async function* csvRows(file: Readable): AsyncGenerator<Row> {
  const unreadable: Row[] = [];
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: rowCharactersMax,
    on_skip(error) {
      unreadable.push(unreadableRow(error));
      return undefined;
    },
  });
  file.on('error', (error) => parser.destroy(error));
  let head: readonly Column[] | undefined;
  for await (const { info, record } of file.pipe(parser) as AsyncIterable<Parsed>) {
    const line = info.lines - lineBreaks(record);
    // The parser is ahead of what is taken from it.
    while ((unreadable[0]?.line ?? line) < line) yield* unreadable.splice(0, 1);
    if (head) yield readRow(head, record, line);
    else head = readHead(record);
  }
  if (!head) throw new UsageError(`the first line must name the columns: ${columns.join(',')}`);
  yield* unreadable;
}

function unreadableRow(error: CsvError | undefined): Row {
  const line = Number(error?.lines ?? 0);
  return { line, problem: error?.message.replace(/ (?:at|on) line \d+/, '') ?? 'not CSV' };
}

function readHead(record: readonly string[]): readonly Column[] {
  const head = record.map((name) => {
    const column = columns.find((one) => one === name.toLowerCase());
    if (column) return column;
    throw new UsageError(`no column is called "${name}": there are ${columns.join(', ')}`);
  });
  for (const column of columns) {
    const places = head.filter((one) => one === column).length;
    if (places > 1) throw new UsageError(`the column ${column} stands there twice`);
    if (places === 0 && column !== 'id') throw new UsageError(`the column ${column} is missing`);
  }
  return head;
}

function readRow(head: readonly Column[], record: readonly string[], line: number): Row {
  if (record.length !== head.length) {
    return { line, problem: `${record.length} fields where the head has ${head.length}` };
  }
  const fields = new Map(head.map((column, place) => [column, record[place] ?? '']));
  const field = (column: Column): string => fields.get(column) ?? '';
  const id = field('id');
  try {
    const product = validateParams('add_product', {
      ...(id === '' ? {} : { id: numberOf(id) }),
      name: field('name'),
      topic: field('topic'),
      price: numberOf(field('price')),
      quantity: numberOf(field('quantity')),
    });
    priceToCents(product.price);
    return { line, product };
  } catch (error) {
    return { line, problem: toBazarError(error).message };
  }
}

/** What is not plainly a number stays text, for the schema to name the field. */
function numberOf(text: string): number | string {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Within its fields: the parser tells the line on which a row ends. */
function lineBreaks(record: readonly string[]): number {
  return record.reduce((sum, field) => sum + field.split('\n').length - 1, 0);
}
