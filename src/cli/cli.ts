/**
 * From a command line to an exit code: it is read, the layers complete it, the command runs, and
 * what goes wrong is said in one sentence.
 */
import { type Chosen, type Entry, optionNames } from './command.js';
import { exitCodes } from './exit-codes.js';
import { explain, wantsJson } from './explain.js';
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
    if (/^--(?:get-yargs-)?completions(?:=|$)/.test(args[0] ?? '')) {
      const { answerShell } = await import('./completion/answer.js');
      answerShell(args, entries, io);
      return exitCodes.ok;
    }
    const chosen =
      quickParse(args, entries) ?? (await (await import('./parse.js')).parse(args, entries, io));
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
