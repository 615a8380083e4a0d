/** A product in a command line: digits are an id, everything else is a name. */

import type { BazarClient } from '../../client/bazar-client.js';
import { type Option, positional } from '../options/options.js';
import { UsageError } from '../output/exit-codes.js';

export type Item = { readonly id: number } | { readonly name: string };

export function itemOf(text: string): Item {
  if (!/^\d+$/.test(text)) return { name: text };
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw new UsageError(`${text} is not a product id`);
  return { id };
}

export function itemPositional(): Option<Item> {
  const { settings, read } = positional('A product: its name, or its id (all digits)');
  return { settings, read: (value, label) => itemOf(read(value, label) ?? '') };
}

export async function idOf(client: BazarClient, item: Item): Promise<number> {
  return 'id' in item ? item.id : (await client.lookup(item)).id;
}
