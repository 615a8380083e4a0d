/** `bazar search`: the products of a topic, or those with a text in name or topic. */
import { clientSpecs, withClient } from '../options/client-options.js';
import { integer, positional, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { productTable } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

const pageGroup = { group: 'Page:' };

export const pageSpecs = {
  limit: integer('Largest number of rows', { min: 1, max: 1_000, default: 100 }, pageGroup),
  after: integer(
    'Only rows above this id or order number',
    { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
    pageGroup,
  ),
} as const;

export const search = defineCommand({
  usage: 'search [topic]',
  describe: 'Find products by topic, or by a part of name or topic',
  examples: [
    ['$0 search toys', 'all toys'],
    ['$0 search --text school --json', 'every product with "school" in its name'],
  ],
  specs: {
    topic: positional('Topic'),
    text: text('Part of the name or topic', undefined, { group: 'Client:' }),
    ...clientSpecs,
    ...pageSpecs,
  },
  async run(options, io) {
    const { topic, text: part, limit, after } = options;
    if (topic === undefined && part === undefined) {
      throw new UsageError('bazar search: give a topic or --text');
    }
    const page = await withClient(options, (client) =>
      client.search({
        limit,
        after,
        ...(topic === undefined ? {} : { topic }),
        ...(part === undefined ? {} : { text: part }),
      }),
    );
    if (options.json) printJson(io, page);
    else if (page.items.length === 0) io.err('nothing found\n');
    else {
      const { head, rows } = productTable(page.items);
      await printTable(io, head, rows);
    }
    if (page.next !== undefined) io.err(`more: --after ${page.next}\n`);
    return exitCodes.ok;
  },
});
