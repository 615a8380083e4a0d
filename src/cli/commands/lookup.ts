/** `bazar lookup`: one product. */
import { clientSpecs, withClient } from '../options/client-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { productTable } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { itemPositional } from './item.js';

export const lookup = defineCommand({
  usage: 'lookup <item>',
  describe: 'Show one product: price and stock',
  examples: [
    ['$0 lookup Tux', 'by name'],
    ['$0 lookup 8 --json', 'by id'],
  ],
  specs: { item: itemPositional(), ...clientSpecs },
  async run(options, io) {
    const product = await withClient(options, (client) => client.lookup(options.item));
    if (options.json) printJson(io, product);
    else {
      const { head, rows } = productTable([product]);
      await printTable(io, head, rows);
    }
    return exitCodes.ok;
  },
});
