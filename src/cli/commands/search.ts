/** `bazar search`: the products of a topic, or those whose name holds a text. */
import { clientSpecs, withClient } from '../options/client-options.js';
import { integer, positional, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { productHead, productRow } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

const pageGroup = { group: 'Page:' };

export const pageSpecs = {
  limit: integer('At most so many', { min: 1, max: 1_000, default: 100 }, pageGroup),
  after: integer(
    'Those after this number',
    { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
    pageGroup,
  ),
} as const;

export const search = defineCommand({
  usage: 'search [topic]',
  describe: 'Find products by topic, or by a part of the name',
  examples: [
    ['$0 search toys', 'all toys'],
    ['$0 search --text school --json', 'every product with "school" in its name'],
  ],
  specs: {
    topic: positional('The whole topic'),
    text: text('A part of the name', undefined, { group: 'Client:' }),
    ...clientSpecs,
    ...pageSpecs,
  },
  async run(options, io) {
    const { topic, text: part, limit, after } = options;
    if (topic === undefined && part === undefined) {
      throw new UsageError('bazar search: give a topic, or --text');
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
    else await printTable(io, productHead, page.items.map(productRow));
    if (page.next !== undefined) io.err(`there are more: --after ${page.next}\n`);
    return exitCodes.ok;
  },
});
