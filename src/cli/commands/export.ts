/** `bazar export`: writes all products to a file or to standard output. */
import { statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import type { BazarClient } from '../../client/bazar-client.js';
import { clientSpecs, withClient } from '../options/client-options.js';
import { choice, positional } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { cannotWrite } from '../output/file-error.js';
import { printableLines } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { delimiters, type Format, formats } from '../stock/columns.js';
import { exportProducts, type TableForm } from '../stock/export-run.js';

export const exportAll = defineCommand({
  usage: 'export [file]',
  describe: 'Write all products as CSV or JSON',
  examples: [
    ['$0 export products.csv', 'CSV for `bazar import`'],
    ['$0 export products.json', 'JSON for `bazar up --products-file`'],
  ],
  specs: {
    file: positional('File to write; without it, standard output', { completes: 'files' }),
    format: choice('Format', formats, undefined, {
      group: 'Output:',
      defaultDescription: 'json for a file with that ending, otherwise csv',
    }),
    delimiter: choice('Delimiter of CSV fields', delimiters, ',', {
      group: 'Output:',
    }),
    ...clientSpecs,
  },
  async run(options, io) {
    const { file, json, delimiter } = options;
    const form = { format: json ? 'json' : (options.format ?? formatOf(file)), delimiter };
    const count = await withClient(options, (client) =>
      file === undefined
        ? exportProducts(client, form, (text) => io.out(io.terminal ? printableLines(text) : text))
        : exportInto(file, client, form),
    );
    io.err(`${count} ${count === 1 ? 'product' : 'products'}${file ? ` in ${file}` : ''}\n`);
    return exitCodes.ok;
  },
});

function formatOf(file: string | undefined): Format {
  return file !== undefined && extname(file).toLowerCase() === '.json' ? 'json' : 'csv';
}

/** Writes to a temporary file and renames it when it is complete. */
async function exportInto(path: string, client: BazarClient, form: TableForm): Promise<number> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${path} is a folder`);
  }
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, 'wx').catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  try {
    const count = await exportProducts(client, form, (text) => file.appendFile(text));
    await file.close();
    await rename(unfinished, path);
    return count;
  } catch (error) {
    await file.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}
