/** `bazar buy`: one purchase. */

import { requestLimits } from '../../base/limits.js';
import type { Placed } from '../../wire/schemas.js';
import { clientSpecs, withClient } from '../options/client-options.js';
import { given } from '../options/given.js';
import { integer, number, text } from '../options/options.js';
import { exitCodes } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { money, printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { itemPositional } from './item.js';
import { buyOnce, tellReplay } from './once.js';

const buyGroup = { group: 'Purchase:' };
const { purchaseQuantityMax, totalCentsMax } = requestLimits;

/** Of a purchase and of a hold. */
export const orderSpecs = {
  item: itemPositional(),
  quantity: integer(
    'Units to buy',
    { min: 1, max: purchaseQuantityMax, default: 1 },
    { ...buyGroup, alias: 'n' },
  ),
  customer: text('Customer, for purchase limits; any text', undefined, buyGroup),
  expectedTotal: number(
    'Refuse it if the total is another one',
    { min: 0, max: totalCentsMax / 100, default: undefined },
    buyGroup,
  ),
  key: text('Repeats with the same key buy nothing', undefined, {
    ...buyGroup,
    defaultDescription: 'a new one',
  }),
} as const;

export const buy = defineCommand({
  usage: 'buy <item>',
  describe: 'Buy a product',
  examples: [
    ['$0 buy Tux -n 2', 'two units'],
    ['$0 buy 8 --key order-of-monday', 'a repeat with the same key buys nothing'],
    ['$0 buy 8 --customer ann', 'a product with a purchase limit needs a customer'],
  ],
  specs: { ...orderSpecs, ...clientSpecs },
  async run(options, io) {
    const { item, quantity, key, customer, expectedTotal } = options;
    const terms = given({ key, customer, expected_total: expectedTotal });
    const placed = await withClient(options, (client) =>
      buyOnce(client, { ...item, quantity, ...terms }),
    );
    return showPlaced(placed, options.json, io);
  },
});

export async function showPlaced(placed: Placed, json: boolean, io: Io): Promise<number> {
  if (json) printJson(io, placed);
  else {
    await printTable(io, ['ORDER', 'TOTAL'], [[placed.order_number, money(placed.total)]]);
    tellReplay(placed, io);
  }
  return exitCodes.ok;
}
