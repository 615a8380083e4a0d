/** `bazar import`: adds and changes products from a CSV file, while the store sells. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  adminSpecs,
  failoverTimeoutSeconds,
  timeout,
  withAdmin,
} from '../options/client-options.js';
import { choice, flag, integer, positional, type Values } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { cannotRead } from '../output/file-error.js';
import type { Io } from '../output/io.js';
import { printable, printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { columns, delimiters } from '../stock/columns.js';
import { existingChoices, type ImportReport } from '../stock/import-run.js';
import { type Encoding, EncodingError, encodings, utf8Pieces } from '../stock/utf8-pieces.js';

const importGroup = { group: 'Import:' };

const importSpecs = {
  file: positional(
    `CSV file; its first line names the columns: name or id, and ${columns.slice(2).join(', ')}`,
    { completes: 'files' },
  ),
  delimiter: choice('Delimiter of fields', delimiters, ',', importGroup),
  encoding: choice('Encoding of the file', encodings, 'utf8', importGroup),
  dryRun: flag('Only report what would happen', importGroup),
  existing: choice(
    'What to do with a product that exists and differs',
    existingChoices,
    'update',
    importGroup,
  ),
  force: flag('Set the quantity even if the product has changed since the export', importGroup),
  rowsAtOnce: integer('Rows in progress', { min: 1, max: 1_000, default: 256 }, importGroup),
  progress: flag('Show a progress bar on a terminal', importGroup, true),
  ...adminSpecs,
  timeout: timeout('a row', failoverTimeoutSeconds),
} as const;

type Options = Values<typeof importSpecs>;

export const importProducts = defineCommand({
  usage: 'import [file]',
  describe: 'Add and change products from a CSV file (admin)',
  examples: [
    ['$0 import products.csv --dry-run', 'reports what would be added, changed or refused'],
    ['$0 import products.csv', 'can be run again after an interruption'],
    ['$0 import prices.csv', 'with the columns name,price: changes only prices'],
    ['$0 import products.csv --existing skip', 'leaves existing products unchanged'],
    ['$0 export | $0 import --port-offset 1000', 'from one store to another'],
  ],
  specs: importSpecs,
  async run(options, io) {
    const { file } = options;
    if (file === undefined && io.stdin.isTTY)
      throw new UsageError('bazar import: give a file, or pipe one in');
    const lines = file === undefined ? 0 : await countLines(file, options.encoding);
    const source = file === undefined ? io.stdin : createReadStream(file);
    const problems: { line: number; message: string }[] = [];
    const stopped = io.interrupted();
    const report = await bringIn(source, { options, io, lines, stopped, problems });
    if (options.json) printJson(io, { ...report, dry_run: options.dryRun, problems });
    else show(report, options.dryRun, io);
    if (!stopped.aborted) return report.failed === 0 ? exitCodes.ok : exitCodes.error;
    io.err('interrupted: run the same command to continue\n');
    return exitCodes.error;
  },
});

interface Import {
  readonly options: Options;
  readonly io: Io;
  /** Lines of the file; 0 if unknown. */
  readonly lines: number;
  readonly stopped: AbortSignal;
  readonly problems: { line: number; message: string }[];
}

async function bringIn(source: Readable, given: Import): Promise<ImportReport> {
  const { options, io, lines, stopped, problems } = given;
  const { csvRows } = await import('../stock/csv-rows.js');
  const { importRows } = await import('../stock/import-run.js');
  const { progressView } = await import('../output/progress-view.js');
  const view = await progressView(io, !options.progress || lines === 0);
  try {
    return await withAdmin(options, (client) =>
      importRows(csvRows(source, options), {
        ...options,
        client,
        stopped,
        progress: (line) => view.update(options.dryRun ? 'checking' : 'importing', line, lines),
        failed(line, message) {
          problems.push({ line, message });
          if (!options.json) io.err(`line ${line}: ${printable(message)}\n`);
        },
      }),
    );
  } finally {
    source.destroy();
    view.stop();
  }
}

/** Counts lines for the progress bar, and rejects an unreadable file before the import begins. */
async function countLines(path: string, encoding: Encoding): Promise<number> {
  const file = await open(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  try {
    if ((await file.stat()).isDirectory()) throw new UsageError(`${path} is a folder`);
    let lines = 0;
    for await (const piece of utf8Pieces(file.createReadStream({ autoClose: false }), encoding)) {
      for (const byte of piece) if (byte === 0x0a) lines++;
    }
    return lines;
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new UsageError(`${path}, line ${error.line}, ${error.message}`);
  } finally {
    await file.close();
  }
}

function show({ added, updated, unchanged, failed }: ImportReport, dryRun: boolean, io: Io): void {
  const would = dryRun ? 'would be ' : '';
  io.out(`${added} ${would}added, ${updated} ${would}updated, ${unchanged} unchanged`);
  io.out(`, ${failed} ${failed === 1 ? 'row' : 'rows'} refused\n`);
}
