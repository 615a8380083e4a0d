/** The interactive shop: the menu, its questions and its actions. Ends when the customer leaves. */
import { BazarError } from '../../base/errors.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Product } from '../../wire/schemas.js';
import { itemOf } from '../commands/item.js';
import { buyOnce } from '../commands/once.js';
import { withAdvice } from '../options/client-options.js';
import { UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { orderTable, productTable } from '../output/orders-view.js';
import { formatTable, money } from '../output/output.js';
import type { ShopInput } from './shop-input.js';

interface Visit {
  readonly client: BazarClient;
  readonly input: ShopInput;
  readonly io: Pick<Io, 'color'>;
}

const exitKey = '5';
const menu = [
  { key: '1', label: 'Search', serve: search },
  { key: '2', label: 'Info', serve: info },
  { key: '3', label: 'Purchase', serve: purchase },
  { key: '4', label: 'Order', serve: order },
] as const;
const choices = [...menu, { key: exitKey, label: 'Exit' }];

export async function serveCustomer(visit: Visit): Promise<void> {
  const { input } = visit;
  for (;;) {
    const typed = (await input.choose(choices))?.toLowerCase();
    const is = ({ key, label }: { key: string; label: string }): boolean =>
      key === typed || label.toLowerCase() === typed;
    if (typed === undefined || is({ key: exitKey, label: 'Exit' })) return;
    const choice = menu.find(is);
    if (choice) await attempt(visit, choice.serve);
    else if (typed !== '') input.complain(`"${typed}" is not on the menu\n`);
  }
}

/** Shows an expected error, and the shop continues. */
async function attempt(visit: Visit, serve: (visit: Visit) => Promise<void>): Promise<void> {
  try {
    await serve(visit);
  } catch (error) {
    if (!(error instanceof BazarError || error instanceof UsageError)) throw error;
    const { message } = error instanceof BazarError ? withAdvice(error) : error;
    visit.input.complain(`${message}\n`);
  }
}

async function search({ client, input, io }: Visit): Promise<void> {
  const topic = await input.ask('Topic');
  if (!topic) return;
  const { items } = await client.search({ topic, limit: 100 });
  if (items.length === 0) input.show(`no products with the topic "${topic}"\n`);
  else input.show(await showProducts(items, io));
}

async function info({ client, input, io }: Visit): Promise<void> {
  const item = await input.ask('Product (name or id)');
  if (!item) return;
  const product = await client.lookup(itemOf(item));
  input.show(await showProducts([product], io));
}

function showProducts(products: readonly Product[], io: Visit['io']): Promise<string> {
  const { head, rows } = productTable(products);
  return formatTable(io, head, rows);
}

async function purchase({ client, input }: Visit): Promise<void> {
  const item = await input.ask('Product (name or id)');
  if (!item) return;
  const typed = await input.ask('How many? (1)');
  if (typed === undefined) return;
  const quantity = wholeNumber(typed === '' ? '1' : typed);
  const placed = await buyOnce(client, { ...itemOf(item), quantity });
  input.show(`order ${placed.order_number}, total ${money(placed.total)}\n`);
}

async function order({ client, input, io }: Visit): Promise<void> {
  const typed = await input.ask('Order number');
  if (!typed) return;
  const found = await client.order(wholeNumber(typed));
  const { head, rows } = orderTable([found]);
  input.show(await formatTable(io, head, rows));
}

function wholeNumber(typed: string): number {
  const read = Number(typed);
  if (/^\d+$/.test(typed) && read >= 1 && Number.isSafeInteger(read)) return read;
  throw new UsageError(`"${typed}" is not a positive whole number`);
}
