/** `bazar shop`: the menu for people, or for lines from a pipe. */
import { clientSpecs, withClient } from '../client-options.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';

export const shop = defineCommand({
  usage: 'shop',
  describe: 'Shop with a menu',
  examples: [
    ['$0 shop', 'Search [1], Info [2], Purchase [3], Order [4], Exit [5]'],
    ["printf '2\\nTux\\n5\\n' | $0 shop", 'also from a pipe'],
  ],
  specs: clientSpecs,
  async run(options, io) {
    const { serveCustomer } = await import('../shop/shop.js');
    const door =
      io.terminal && io.stdin.isTTY === true
        ? (await import('../shop/prompt-door.js')).promptDoor(io)
        : (await import('../shop/line-door.js')).lineDoor(io);
    try {
      await withClient(options, async (client) => {
        // Says at once where no store is.
        await client.ping();
        await serveCustomer({ client, door, io });
      });
    } finally {
      door.close();
    }
    return exitCodes.ok;
  },
});
