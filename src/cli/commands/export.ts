/** `bazar export`: all products, for a file or another program. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { BazarClient } from '../../client/bazar-client.js';
import { clientSpecs, withClient } from '../client-options.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { choice, positional } from '../options.js';
import { type Format, formats } from '../stock/columns.js';
import { exportProducts } from '../stock/export-run.js';

export const exportAll = defineCommand({
  usage: 'export [file]',
  describe: 'Write out all products',
  examples: [
    ['$0 export products.csv', 'as `bazar import` reads them'],
    ['$0 export --format json', 'as `bazar up --products-file` reads them'],
  ],
  specs: {
    file: positional('Where to; standard output where it is not given'),
    format: choice('How they are written', formats, 'csv', { group: 'Output:' }),
    ...clientSpecs,
  },
  async run(options, io) {
    const { file, json } = options;
    const format = json ? 'json' : options.format;
    const count = await withClient(options, (client) =>
      file === undefined
        ? exportProducts(client, format, (text) => io.out(text))
        : exportInto(file, client, format),
    );
    io.err(`${count} ${count === 1 ? 'product' : 'products'}${file ? ` in ${file}` : ''}\n`);
    return exitCodes.ok;
  },
});

/** The file has its name only when it is whole. */
async function exportInto(path: string, client: BazarClient, format: Format): Promise<number> {
  const unfinished = `${path}.${process.pid}.part`;
  const stream = createWriteStream(unfinished, { flags: 'wx' });
  try {
    await once(stream, 'open');
    const count = await exportProducts(client, format, async (text) => {
      if (!stream.write(text)) await once(stream, 'drain');
    });
    stream.end();
    await once(stream, 'close');
    await rename(unfinished, path);
    return count;
  } catch (error) {
    stream.destroy();
    await rm(unfinished, { force: true });
    throw error;
  }
}
