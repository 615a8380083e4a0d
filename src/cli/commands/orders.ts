/** `bazar orders`: the order book, newest last. */
import { withAdmin } from '../client-options.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { orderHead, orderRows } from '../orders-view.js';
import { printJson, printTable } from '../output.js';
import { adminPageSpecs } from './search.js';

export const orders = defineCommand({
  usage: 'orders',
  describe: 'List orders, newest last (admin)',
  examples: [['$0 orders --after 100 --limit 20', 'orders 101 to 120']],
  specs: adminPageSpecs,
  async run(options, io) {
    const { limit, after } = options;
    const page = await withAdmin(options, (client) => client.orders({ limit, after }));
    if (options.json) printJson(io, page);
    else await printTable(io, orderHead, page.items.flatMap(orderRows));
    if (page.next !== undefined) io.err(`there are more: --after ${page.next}\n`);
    return exitCodes.ok;
  },
});
