/**
 * From a command line to an exit code: it is read, the layers complete it, the command runs, and
 * what goes wrong is said in one sentence.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import { type Chosen, type Entry, optionNames } from './command.js';
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.js';
import type { Io } from './io.js';
import { commandLineLayer, environmentLayer, fileLayer } from './layers.js';
import { environmentName, type Layer } from './options.js';
import { quickParse } from './quick-parse.js';

export async function runCli(
  args: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<number> {
  try {
    const chosen =
      quickParse(args, entries) ?? (await (await import('./parse.js')).parse(args, entries, io));
    if (!chosen) return exitCodes.ok;
    return await chosen.command.run(layersFor(chosen, entries, io), io);
  } catch (thrown) {
    return explain(thrown, io);
  }
}

function layersFor({ command, argv }: Chosen, entries: readonly Entry[], io: Io): Layer[] {
  const layers = [commandLineLayer(argv), environmentLayer(command.specs, io.env)];
  const file = argv.config ?? io.env[environmentName('config')];
  if (typeof file === 'string' && file !== '') layers.push(fileLayer(file, optionNames(entries)));
  return layers;
}

function explain(thrown: unknown, io: Io): number {
  if (thrown instanceof UsageError) {
    io.err(`${thrown.message}\nbazar --help shows how\n`);
    return exitCodes.usage;
  }
  const error = toBazarError(thrown);
  if (thrown instanceof BazarError) io.err(`${error.message}\n`);
  else if (isSystemError(thrown)) io.err(`${thrown.message}\n`);
  // Not expected, so whoever mends it needs the place.
  else io.err(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  return exitCodeOf(error.code);
}

/** What the system refused, as to make a folder; its message names the file and the reason. */
function isSystemError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'syscall' in thrown;
}
