/** `bazar shop`: the menu for people, or for lines from a pipe. */
import { clientSpecs, withClient } from '../options/client-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { defineCommand } from '../parsing/command.js';

export const shop = defineCommand({
  usage: 'shop',
  describe: 'Search and buy with a menu',
  examples: [
    ['$0 shop', 'Search [1], Info [2], Purchase [3], Order [4], Exit [5]'],
    ["printf '2\\nTux\\n5\\n' | $0 shop", 'reads the answers from a pipe'],
  ],
  specs: clientSpecs,
  async run(options, io) {
    const { serveCustomer } = await import('../shop/shop.js');
    const input =
      io.terminal && io.stdin.isTTY === true
        ? (await import('../shop/prompt-input.js')).promptInput(io)
        : (await import('../shop/line-input.js')).lineInput(io);
    try {
      await withClient(options, async (client) => {
        // Fails at once if no store answers.
        await client.ping();
        await serveCustomer({ client, input, io });
      });
    } finally {
      input.close();
    }
    return exitCodes.ok;
  },
});
