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
    ['$0 buy Tux -n 2', 'two units'],
    ['$0 buy 8 --key order-of-monday', 'a repeat with the same key buys nothing'],
  ],
  specs: {
    item: itemPositional(),
    quantity: integer(
      'Units to buy',
      { min: 1, max: 1_000_000, default: 1 },
      { ...buyGroup, alias: 'n' },
    ),
    key: text('Repeats with the same key buy nothing', undefined, {
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
      if (placed.replayed === true)
        io.err('this key was used before: the store repeats its first answer\n');
    }
    return exitCodes.ok;
  },
});
