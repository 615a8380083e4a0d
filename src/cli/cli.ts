/**
 * From a command line to an exit code: yargs reads it, the layers complete it, the command runs, and
 * what goes wrong is said in one sentence. The only import of yargs.
 */
import yargs, { type Argv } from 'yargs';
import { BazarError, toBazarError } from '../base/errors.js';
import type { Command } from './command.js';
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.js';
import type { Io } from './io.js';
import { commandLineLayer, environmentLayer, fileLayer } from './layers.js';
import { environmentName, kebab, type Layer } from './options.js';

/** Commands that share a first word, as `product add` and `product set`. */
export interface CommandGroup {
  readonly name: string;
  readonly describe: string;
  readonly commands: readonly Command[];
}

export type Entry = Command | CommandGroup;

interface Chosen {
  readonly command: Command;
  readonly argv: Readonly<Record<string, unknown>>;
}

export async function runCli(
  args: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<number> {
  try {
    const chosen = await parse(args, entries, io);
    if (!chosen) return exitCodes.ok;
    return await chosen.command.run(layersFor(chosen, entries, io), io);
  } catch (thrown) {
    return explain(thrown, io);
  }
}

/** Undefined where yargs answered itself: help, version, completion. */
async function parse(
  args: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const choose = (command: Command, argv: Readonly<Record<string, unknown>>): void => {
    chosen = { command, argv };
  };
  const parser = yargs()
    .scriptName('bazar')
    .parserConfiguration({ 'greedy-arrays': false, 'parse-positional-numbers': false })
    .usage('$0 <command> [options]\n\nA store that keeps selling when machines die.')
    .option('config', { describe: 'A JSON file of options', type: 'string', requiresArg: true })
    .strict()
    .demandCommand(1, 'Which command?')
    .recommendCommands()
    .completion('completion', 'Print a script that completes commands in your shell')
    .alias('help', 'h')
    .wrap(Math.min(io.columns, 100))
    .epilogue(
      `Every option also as ${environmentName('name')}… in the environment and in --config.`,
    )
    .exitProcess(false);
  addEntries(parser, entries, choose);
  let printed = '';
  await parser.parseAsync([...args], {}, (error, _argv, output) => {
    if (error) throw new UsageError(error.message);
    printed = output;
  });
  if (printed !== '') io.out(`${printed}\n`);
  return chosen;
}

type Choose = (command: Command, argv: Readonly<Record<string, unknown>>) => void;

function addEntries(parser: Argv, entries: readonly Entry[], choose: Choose): void {
  for (const entry of entries) {
    if ('run' in entry) addCommand(parser, entry, choose);
    else {
      parser.command(entry.name, entry.describe, (inner) => {
        addEntries(inner, entry.commands, choose);
        return inner.demandCommand(1, `bazar ${entry.name}: which of its commands?`);
      });
    }
  }
}

function addCommand(parser: Argv, command: Command, choose: Choose): void {
  parser.command(
    command.usage,
    command.describe,
    (inner) => {
      for (const [name, { settings }] of Object.entries(command.specs)) {
        const { positional, ...rest } = settings;
        if (positional) inner.positional(kebab(name), { describe: rest.describe, type: 'string' });
        else inner.option(kebab(name), rest);
      }
      for (const [line, meaning] of command.examples) inner.example(line, meaning);
      return inner;
    },
    (argv) => choose(command, argv),
  );
}

function layersFor({ command, argv }: Chosen, entries: readonly Entry[], io: Io): Layer[] {
  const layers = [commandLineLayer(argv), environmentLayer(command.specs, io.env)];
  const file = argv.config ?? io.env[environmentName('config')];
  if (typeof file === 'string' && file !== '') layers.push(fileLayer(file, knownNames(entries)));
  return layers;
}

function knownNames(entries: readonly Entry[]): Set<string> {
  const commands = entries.flatMap((entry) => ('run' in entry ? [entry] : entry.commands));
  return new Set(commands.flatMap(({ specs }) => Object.keys(specs)));
}

function explain(thrown: unknown, io: Io): number {
  if (thrown instanceof UsageError) {
    io.err(`${thrown.message}\nbazar --help shows how\n`);
    return exitCodes.usage;
  }
  const error = toBazarError(thrown);
  if (thrown instanceof BazarError) io.err(`${error.message}\n`);
  // Not expected, so whoever mends it needs the place.
  else io.err(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  return exitCodeOf(error.code);
}
