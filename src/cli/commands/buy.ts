/** `bazar buy`: one purchase. */

import { clientSpecs, withClient } from '../options/client-options.js';
import { integer, text } from '../options/options.js';
import { exitCodes } from '../output/exit-codes.js';
import { money, printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { buyOnce } from './buy-once.js';
import { itemPositional } from './item.js';

const buyGroup = { group: 'Purchase:' };

export const buy = defineCommand({
  usage: 'buy <item>',
  describe: 'Buy a product',
  examples: [
    ['$0 buy Tux -n 2', 'two of them'],
    ['$0 buy 8 --key order-of-monday', 'the same key again buys nothing more'],
  ],
  specs: {
    item: itemPositional(),
    quantity: integer(
      'How many',
      { min: 1, max: 1_000_000, default: 1 },
      { ...buyGroup, alias: 'n' },
    ),
    key: text('Makes the purchase happen once however often it is sent', undefined, {
      ...buyGroup,
      defaultDescription: 'a new one',
    }),
    ...clientSpecs,
  },
  async run(options, io) {
    const { item, quantity, key } = options;
    const placed = await withClient(options, (client) =>
      buyOnce(client, { ...item, quantity, ...(key === undefined ? {} : { key }) }),
    );
    if (options.json) printJson(io, placed);
    else {
      await printTable(io, ['ORDER', 'TOTAL'], [[placed.order_number, money(placed.total)]]);
      if (placed.replayed === true) io.err('this key had bought already: the first answer again\n');
    }
    return exitCodes.ok;
  },
});
