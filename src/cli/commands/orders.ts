/** `bazar orders`: the orders that match the filters, newest last. */
import type { BazarClient } from '../../client/bazar-client.js';
import type { Order, Orders, Params } from '../../wire/schemas.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { integer, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { orderTable } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { pageSpecs } from './search.js';

const filterGroup = { group: 'Orders:' };

export const orders = defineCommand({
  usage: 'orders',
  describe: 'List orders, newest last (admin)',
  examples: [
    ['$0 orders --last 20', 'the newest 20'],
    ['$0 orders --after 100 --limit 20', 'orders 101 to 120'],
    ['$0 orders --product Tux --since 2026-01-31', 'orders of Tux since that day'],
  ],
  specs: {
    ...adminSpecs,
    ...pageSpecs,
    last: integer(
      'Number of newest orders',
      { min: 1, max: 1_000, default: undefined },
      filterGroup,
    ),
    before: integer(
      'Only orders below this number',
      { min: 1, max: Number.MAX_SAFE_INTEGER, default: undefined },
      filterGroup,
    ),
    since: text(
      'Only orders from this time on (2026-01-31, 2026-01-31T12:00:00Z)',
      undefined,
      filterGroup,
    ),
    until: text('Only orders before this time', undefined, filterGroup),
    product: text(
      'Only orders with this product: its id, or its name in the order',
      undefined,
      filterGroup,
    ),
    key: text('Only orders that were bought with this key', undefined, filterGroup),
  },
  async run(options, io) {
    const { after, last, before, since, until, product, key } = options;
    if (last !== undefined && after > 0) {
      throw new UsageError('bazar orders: give --after or --last, not both');
    }
    const wanted = {
      ...(last === undefined ? {} : { order: 'desc' as const }),
      ...(before === undefined ? {} : { before }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(product === undefined ? {} : { product }),
      ...(key === undefined ? {} : { key }),
    };
    const limit = last ?? options.limit;
    const page = await withAdmin(options, (client) => gather(client, { ...wanted, after }, limit));
    if (last !== undefined) page.items.reverse();
    const { head, rows } = orderTable(page.items);
    if (options.json) printJson(io, page);
    else await printTable(io, head, rows);
    if (page.next !== undefined) {
      const flag = last === undefined ? '--after' : `--last ${last} --before`;
      io.err(`more: ${flag} ${page.next}\n`);
    }
    return exitCodes.ok;
  },
});

/** Requests pages until there are enough orders: one page covers only a part of the order book. */
async function gather(
  client: BazarClient,
  wanted: Params<'orders'>,
  limit: number,
): Promise<Orders & { items: Order[] }> {
  const items: Order[] = [];
  let range = {};
  for (;;) {
    const page = await client.orders({ ...wanted, ...range, limit: limit - items.length });
    items.push(...page.items);
    const { next } = page;
    if (next === undefined) return { items };
    if (items.length >= limit) return { items, next };
    range = wanted.order === 'desc' ? { before: next } : { after: next };
  }
}
