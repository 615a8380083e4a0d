/**
 * Writes out what the store sells, page by page in the order of ids, in the form that an import or
 * a new store's first stock takes. Knows no command line.
 */
import { unreachable } from '../../base/assert.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Product } from '../../wire/schemas.js';
import { columns, type Format } from './columns.js';

/** With the longest names a page stays below half a frame. */
const pageItems = 250;

/** Resolves to the number of products; `write` may hold it back by a promise. */
export async function exportProducts(
  client: BazarClient,
  format: Format,
  write: (text: string) => void | Promise<void>,
): Promise<number> {
  const writer = await writerFor(format);
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

async function writerFor(format: Format): Promise<Writer> {
  switch (format) {
    case 'csv': {
      const { stringify } = await import('csv-stringify/sync');
      return {
        head: `${columns.join(',')}\n`,
        page: (products) => stringify(products.map(plain), { columns: [...columns] }),
        foot: '',
      };
    }
    case 'json':
      return {
        head: '{"products":[\n',
        page(products, isFirst) {
          const lines = products.map((product) => JSON.stringify(plain(product)));
          return `${isFirst ? '' : ',\n'}${lines.join(',\n')}`;
        },
        foot: '\n]}\n',
      };
    default:
      return unreachable(format);
  }
}

/** Without its version, which is the store's own. */
function plain({ id, name, topic, price, quantity }: Product): Omit<Product, 'version'> {
  return { id, name, topic, price, quantity };
}
