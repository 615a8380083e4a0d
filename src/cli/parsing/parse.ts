/**
 * Parses a command line with yargs, which also prints the help and reports errors. The only import
 * of yargs; it is loaded on demand (src/cli/parsing/quick-parse.ts).
 */
import yargs, { type Argv } from 'yargs';
import { environmentName, kebab } from '../options/options.js';
import { UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import type { Chosen, Command, Entry } from './command.js';
import { missingArgument } from './missing-argument.js';
import { unknownCommand } from './unknown-command.js';

/** Undefined if yargs has answered: help, version. */
export async function parse(
  args: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<Chosen | undefined> {
  const mistake = unknownCommand(args, entries);
  if (mistake !== undefined) throw new UsageError(mistake);
  let chosen: Chosen | undefined;
  const sink: Sink = {
    choose(command, argv) {
      chosen = { command, argv };
    },
  };
  const parser = yargs()
    .scriptName('bazar')
    .parserConfiguration({ 'greedy-arrays': false, 'parse-positional-numbers': false })
    .usage(
      '$0 <command> [options]\n\nA replicated store that continues to sell when machines fail.',
    )
    .option('config', { describe: 'JSON file of options', type: 'string', requiresArg: true })
    .strict()
    .demandCommand(1, 'a command is missing')
    .recommendCommands()
    .alias('help', 'h')
    .wrap(Math.min(io.size().columns, 100))
    .epilogue(
      `Every option can also be set as ${environmentName('name')} in the environment, or in the file of --config.`,
    )
    .exitProcess(false);
  addEntries(parser, entries, sink);
  let printed = '';
  await parser.parseAsync([...args], {}, (error, argv, output) => {
    if (error) throw new UsageError(inOwnWords(error.message, argv._.map(String), entries));
    printed = output;
  });
  if (printed !== '') io.out(`${printed}\n`);
  return chosen;
}

/** Replaces yargs's message about a number of words by the missing argument. */
function inOwnWords(message: string, words: readonly string[], entries: readonly Entry[]): string {
  const counts = message.startsWith('Not enough non-option arguments');
  return (counts ? missingArgument(words, entries) : undefined) ?? eachOnce(message);
}

/** yargs names an unknown option of two words twice: as typed, and in camel case. */
function eachOnce(message: string): string {
  const [, names] = /^Unknown arguments: (.*)$/.exec(message) ?? [];
  if (names === undefined) return message;
  const all = names.split(', ');
  const typed = all.filter((name) => kebab(name) === name || !all.includes(kebab(name)));
  return `Unknown argument${typed.length === 1 ? '' : 's'}: ${typed.join(', ')}`;
}

interface Sink {
  choose(command: Command, argv: Readonly<Record<string, unknown>>): void;
}

function addEntries(parser: Argv, entries: readonly Entry[], sink: Sink): void {
  for (const entry of entries) {
    if ('run' in entry) addCommand(parser, entry, sink);
    else {
      parser.command(entry.name, entry.describe, (inner) => {
        addEntries(inner, entry.commands, sink);
        return inner.demandCommand(1, `bazar ${entry.name} needs one of its commands`);
      });
    }
  }
}

function addCommand(parser: Argv, command: Command, sink: Sink): void {
  parser.command(
    command.usage,
    command.describe,
    (inner) => {
      for (const [name, { settings }] of Object.entries(command.specs)) {
        const { positional, completes: _completes, ...rest } = settings;
        if (!positional) inner.option(kebab(name), rest);
        else inner.positional(kebab(name), { describe: rest.describe, type: 'string' });
      }
      for (const [line, meaning] of command.examples) inner.example(line, meaning);
      return inner;
    },
    (argv) => sink.choose(command, argv),
  );
}
