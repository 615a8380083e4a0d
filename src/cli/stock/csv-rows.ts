/**
 * Reads products from CSV row by row, without loading the whole file. Each row yields the fields of
 * a product, or a problem with its line. Does not depend on a store.
 */
import type { Readable } from 'node:stream';
import { BazarError, toBazarError } from '../../base/errors.js';
import { priceToCents } from '../../wire/money.js';
import type { PurchaseLimit } from '../../wire/schemas.js';
import { validateParams } from '../../wire/validate.js';
import { UsageError } from '../output/exit-codes.js';
import { printable } from '../output/output.js';
import { type Column, columns, type Delimiter, delimiters, delimiterText } from './columns.js';
import { csvRecords } from './csv-records.js';
import { restoreCell } from './formula-cells.js';
import { type Encoding, EncodingError, utf8Pieces } from './utf8-pieces.js';

/**
 * The fields of a row, which identifies the product by id, name or both. Absent columns stay
 * absent.
 */
export interface WantedProduct {
  readonly id?: number;
  readonly name?: string;
  readonly topic?: string;
  readonly price?: number;
  readonly quantity?: number;
  /** The restock target; null: none. */
  readonly restock_to?: number | null;
  /** Null: none. */
  readonly purchase_limit?: PurchaseLimit | null;
  /** Version of the product at the export. */
  readonly version?: number;
}

export type Row =
  | { readonly line: number; readonly product: WantedProduct }
  | { readonly line: number; readonly problem: string };

export interface CsvForm {
  readonly delimiter: Delimiter;
  readonly encoding: Encoding;
}

export const plainCsv: CsvForm = { delimiter: ',', encoding: 'utf8' };

/** Throws a UsageError if the first line does not name the columns. */
export async function* csvRows(file: Readable, form: CsvForm = plainCsv): AsyncGenerator<Row> {
  let head: readonly Column[] | undefined;
  try {
    const text = utf8Pieces(file, form.encoding);
    for await (const record of csvRecords(text, delimiterText(form.delimiter))) {
      if ('problem' in record) yield record;
      else if (record.fields.every((field) => field === '')) continue;
      else if (head) yield readRow(head, record.fields, record.line, form);
      else head = readHead(record.fields);
    }
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    yield { line: error.line, problem: error.message };
    return;
  }
  if (!head) throw new UsageError('the first line must name the columns, such as name,price');
}

function readHead(fields: readonly string[]): readonly Column[] {
  const head = fields.map((name) => {
    const column = columns.find((one) => one === name.toLowerCase());
    if (column) return column;
    const other = delimiters.find((one) => name.includes(delimiterText(one)));
    const advice =
      other === undefined ? '' : `; if it is several columns, try --delimiter '${other}'`;
    throw new UsageError(
      `unknown column "${printable(name)}": the columns are ${columns.join(', ')}${advice}`,
    );
  });
  for (const column of columns) {
    const places = head.filter((one) => one === column).length;
    if (places > 1) throw new UsageError(`the column ${column} occurs twice`);
  }
  if (head.includes('limit_quantity') !== head.includes('limit_window_seconds')) {
    throw new UsageError('the columns limit_quantity and limit_window_seconds belong together');
  }
  if (!head.includes('id') && !head.includes('name')) {
    throw new UsageError('one column must be name or id, which identifies the product');
  }
  return head;
}

function readRow(
  head: readonly Column[],
  record: readonly string[],
  line: number,
  { delimiter }: CsvForm,
): Row {
  if (record.length !== head.length) {
    return { line, problem: `${record.length} fields, but the first line has ${head.length}` };
  }
  const fields = Object.fromEntries(
    head.flatMap((column, place) => {
      const value = readField(column, record[place] ?? '', delimiter);
      return value === undefined ? [] : [[column, value]];
    }),
  );
  try {
    return { line, product: checkFields(withLimit(fields)) };
  } catch (error) {
    return { line, problem: toBazarError(error).message };
  }
}

/**
 * Undefined: as if the column were absent. A text that is not a plain number stays a text, and the
 * check refuses it.
 */
function readField(
  column: Column,
  text: string,
  delimiter: Delimiter,
): string | number | null | undefined {
  switch (column) {
    case 'name':
    case 'topic':
      return restoreCell(text);
    case 'price':
      return numberOf(delimiter === ',' ? text : text.replace(',', '.'), /^-?\d+(?:\.\d+)?$/);
    case 'quantity':
      return numberOf(text, /^-?\d+(?:\.0)?$/);
    case 'restock_to':
    case 'limit_quantity':
    case 'limit_window_seconds':
      return text === '' || text === 'none' ? null : numberOf(text, /^\d+(?:\.0)?$/);
    default:
      return text === '' ? undefined : numberOf(text, /^\d+(?:\.0)?$/);
  }
}

function numberOf(text: string, form: RegExp): number | string {
  return form.test(text) ? Number(text) : text;
}

/** The two columns of a limit as one field. Throws if a limit has a window alone. */
function withLimit(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { limit_quantity: quantity, limit_window_seconds: window, ...others } = fields;
  if (quantity === undefined) return others;
  if (quantity !== null) {
    return { ...others, purchase_limit: { quantity, window_seconds: window } };
  }
  if (window !== null) throw invalid('limit_window_seconds needs a limit_quantity');
  return { ...others, purchase_limit: null };
}

/** Throws an error that names the invalid field. */
function checkFields(fields: Readonly<Record<string, unknown>>): WantedProduct {
  const { version, ...product } = fields;
  if (product.id === undefined && product.name === undefined) throw invalid('the id is missing');
  if (version !== undefined && !(typeof version === 'number' && version >= 1)) {
    throw invalid('version must be a positive integer');
  }
  const { price } = validateParams('add_product', { ...anyProduct, ...product });
  priceToCents(price);
  // Each field has been checked.
  return fields as WantedProduct;
}

function invalid(message: string): BazarError {
  return new BazarError('invalid_argument', message);
}

/** Values for absent columns. */
const anyProduct = { name: 'any', topic: 'any', price: 0, quantity: 0 };
