/**
 * Reads a command line with yargs: help, completion, and what is wrong with a line. The only import
 * of yargs, which is loaded when it is needed (src/cli/quick-parse.ts).
 */
import yargs, { type Argv } from 'yargs';
import type { Chosen, Command, Entry } from './command.js';
import { UsageError } from './exit-codes.js';
import type { Io } from './io.js';
import { environmentName, kebab } from './options.js';
import { unknownCommand } from './unknown-command.js';

const completion = 'completion';

/** Undefined where yargs answered itself: help, version, completion. */
export async function parse(
  args: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<Chosen | undefined> {
  const mistake = unknownCommand(args, entries, [completion]);
  if (mistake !== undefined) throw new UsageError(mistake);
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
    .completion(completion, 'Print a script that completes commands in your shell')
    .alias('help', 'h')
    .wrap(Math.min(io.size().columns, 100))
    .epilogue(
      `Every option also as ${environmentName('name')}… in the environment and in --config.`,
    )
    .exitProcess(false);
  addEntries(parser, entries, choose);
  let printed = '';
  await parser.parseAsync([...args], {}, (error, _argv, output) => {
    if (error) throw new UsageError(eachOnce(error.message));
    printed = output;
  });
  if (printed !== '') io.out(`${printed}\n`);
  return chosen;
}

/** Of what it does not know, yargs names every option of two words twice: as typed, and as one word. */
function eachOnce(message: string): string {
  const [, names] = /^Unknown arguments: (.*)$/.exec(message) ?? [];
  if (names === undefined) return message;
  const all = names.split(', ');
  const typed = all.filter((name) => kebab(name) === name || !all.includes(kebab(name)));
  return `Unknown argument${typed.length === 1 ? '' : 's'}: ${typed.join(', ')}`;
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
