/**
 * Parses a simple command line of a long-running command (`bazar up`) with Node's own parser,
 * because yargs would stay in memory: a third of the launcher's memory. It leaves all other command
 * lines (help, errors) to yargs. Invariant: yargs gives the same result for every line that this
 * parser accepts.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { kebab, type Specs } from '../options/options.js';
import type { Chosen, Command, Entry } from './command.js';

/** Undefined: use yargs. */
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
    // The last occurrence of a flag wins. All values of other options are kept, and `readValues`
    // refuses a repeated option that is not a list.
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
