/**
 * Writes all products of a store, page by page in order of ids, in the form that an import or the
 * first stock of a new store reads. Does not depend on the command line.
 */
import { unreachable } from '../../base/assert.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Product } from '../../wire/schemas.js';
import { toJson } from '../output/output.js';
import { columns, type Delimiter, delimiterText, type Format } from './columns.js';
import { escapeCell } from './formula-cells.js';

/** With the longest names a page stays below half a frame. */
const pageItems = 250;

export interface TableForm {
  readonly format: Format;
  /** CSV delimiter. With a delimiter other than the comma, prices have a decimal comma. */
  readonly delimiter: Delimiter;
}

/** Resolves to the number of products. `write` may return a promise to slow the export down. */
export async function exportProducts(
  client: Pick<BazarClient, 'search'>,
  { format, delimiter }: TableForm,
  write: (text: string) => void | Promise<void>,
): Promise<number> {
  const writer = await writerFor(format, delimiterText(delimiter));
  await write(writer.head);
  let count = 0;
  let after: number | undefined = 0;
  while (after !== undefined) {
    const { items, next } = await client.search({ text: '', limit: pageItems, after });
    if (items.length > 0) await write(writer.page(items, count === 0));
    count += items.length;
    after = next;
  }
  await write(writer.foot);
  return count;
}

interface Writer {
  readonly head: string;
  page(products: readonly Product[], isFirst: boolean): string;
  readonly foot: string;
}

async function writerFor(format: Format, delimiter: string): Promise<Writer> {
  switch (format) {
    case 'csv': {
      const { stringify } = await import('csv-stringify/sync');
      return {
        head: `${columns.join(delimiter)}\n`,
        page: (products) =>
          stringify(
            products.map((product) => cells(plain(product), delimiter)),
            { columns: [...columns], delimiter, quoted_match: mustBeQuoted },
          ),
        foot: '',
      };
    }
    case 'json':
      return {
        head: '{"products":[\n',
        page(products, isFirst) {
          const lines = products.map((product) => toJson(plain(product)));
          return `${isFirst ? '' : ',\n'}${lines.join(',\n')}`;
        },
        foot: '\n]}\n',
      };
    default:
      return unreachable(format);
  }
}

/** Readers trim unquoted cells, and end a row at a line break. */
const mustBeQuoted = /^\s|\s$|[\r\n]/;

function cells(product: Product, delimiter: string): Record<string, string | number> {
  const { name, topic, price, restock_to: target = '', purchase_limit: limit, ...rest } = product;
  return {
    ...rest,
    restock_to: target,
    limit_quantity: limit?.quantity ?? '',
    limit_window_seconds: limit?.window_seconds ?? '',
    name: escapeCell(name),
    topic: escapeCell(topic),
    price: delimiter === ',' ? price : String(price).replace('.', ','),
  };
}

/** The fields that an import reads, in their order. */
function plain(product: Product): Product {
  const { id, name, topic, price, quantity, version } = product;
  const { restock_to: target, purchase_limit: limit } = product;
  return {
    ...{ id, name, topic, price, quantity },
    ...(target !== undefined && { restock_to: target }),
    ...(limit !== undefined && { purchase_limit: limit }),
    version,
  };
}
