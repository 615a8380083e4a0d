/**
 * Reads a plain command line of a command that stays (`bazar up`) with Node's own parser: yargs
 * would stay with it, a third of the launcher's memory. Whatever is not plain (help, a mistake) is
 * left to yargs, which explains it. Invariant: what is read here, yargs reads in the same way.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { kebab, type Specs } from '../options/options.js';
import type { Chosen, Command, Entry } from './command.js';

/** Undefined: leave it to yargs. */
export function quickParse(args: readonly string[], entries: readonly Entry[]): Chosen | undefined {
  const [word, ...rest] = args;
  const command = entries.find(
    (entry): entry is Command => 'run' in entry && entry.stays && entry.usage === word,
  );
  if (!command) return undefined;
  const values = attempt(rest, optionsOf(command.specs));
  if (!values) return undefined;
  const argv: Record<string, unknown> = { config: values.config };
  for (const name of Object.keys(command.specs)) argv[name] = values[kebab(name)];
  return { command, argv };
}

type Options = NonNullable<ParseArgsConfig['options']>;

function optionsOf(specs: Specs): Options {
  const options: Options = { config: { type: 'string' } };
  for (const [name, { settings }] of Object.entries(specs)) {
    // Of a flag the last one counts; a value that is repeated is kept, and refused when it is read.
    options[kebab(name)] =
      settings.type === 'boolean' ? { type: 'boolean' } : { type: 'string', multiple: true };
  }
  return options;
}

function attempt(args: readonly string[], options: Options): Record<string, unknown> | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options,
      strict: true,
      allowNegative: true,
      allowPositionals: false,
    });
    const entries = Object.entries(values).map(([name, value]) => {
      const [first, ...others] = Array.isArray(value) ? value : [value];
      return [name, others.length === 0 ? first : value] as const;
    });
    return Object.fromEntries(entries);
  } catch {
    return undefined;
  }
}
