/** `bazar product stock`: the numbers of a product's stock. Needs the admin token. */
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { idOf, itemPositional } from './item.js';

export const stock = defineCommand({
  usage: 'stock <item>',
  describe: 'Show available, reserved and on-hand units',
  examples: [['$0 product stock Tux', 'what can be sold, what is in open holds, and the books']],
  specs: { item: itemPositional(), ...adminSpecs },
  async run(options, io) {
    const levels = await withAdmin(options, async (client) => {
      return client.readStock({ id: await idOf(client, options.item) });
    });
    if (options.json) printJson(io, levels);
    else {
      const { id, available, reserved, on_hand, received, sold, returned } = levels;
      const head = ['ID', 'AVAILABLE', 'RESERVED', 'ON HAND', 'RECEIVED', 'SOLD', 'RETURNED'];
      await printTable(io, head, [[id, available, reserved, on_hand, received, sold, returned]]);
    }
    return exitCodes.ok;
  },
});
