/** `bazar lookup`: one product. */
import { clientSpecs, withClient } from '../client-options.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { itemPositional } from '../item.js';
import { productHead, productRow } from '../orders-view.js';
import { printJson, printTable } from '../output.js';

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
    else await printTable(io, productHead, [productRow(product)]);
    return exitCodes.ok;
  },
});
