/**
 * Runs a command line and yields an exit code: reads the options, runs the command, and prints an
 * error as one sentence.
 */

import { commandLineLayer, environmentLayer, fileLayer } from './options/layers.js';
import { environmentName, type Layer } from './options/options.js';
import { exitCodes } from './output/exit-codes.js';
import { explain, wantsJson } from './output/explain.js';
import type { Io } from './output/io.js';
import { type Chosen, type Entry, optionNames } from './parsing/command.js';
import { quickParse } from './parsing/quick-parse.js';

export async function runCli(
  args: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<number> {
  try {
    if (/^--(?:get-yargs-)?completions(?:=|$)/.test(args[0] ?? '')) {
      const { answerShell } = await import('./completion/answer.js');
      answerShell(args, entries, io);
      return exitCodes.ok;
    }
    const chosen =
      quickParse(args, entries) ??
      (await (await import('./parsing/parse.js')).parse(args, entries, io));
    if (!chosen) return exitCodes.ok;
    return await chosen.command.run(layersFor(chosen, entries, io), io);
  } catch (thrown) {
    return explain(thrown, wantsJson(args, io.env), io);
  }
}

function layersFor({ command, argv }: Chosen, entries: readonly Entry[], io: Io): Layer[] {
  const layers = [commandLineLayer(argv), environmentLayer(command.specs, io.env)];
  const file = argv.config ?? io.env[environmentName('config')];
  if (typeof file === 'string' && file !== '') layers.push(fileLayer(file, optionNames(entries)));
  return layers;
}
