/**
 * The layers of configuration below the command line: the environment and the file. A command skips
 * the names of other commands, so one environment and one file serve all commands. A name in the
 * file that no command has is an error.
 */
import { readFileSync } from 'node:fs';
import { UsageError } from '../output/exit-codes.js';
import { environmentName, flagName, type Layer, type Specs } from './options.js';

export function environmentLayer(
  specs: Specs,
  env: Readonly<Record<string, string | undefined>>,
): Layer {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(specs)) {
    if (specs[name]?.settings.positional) continue;
    const value = env[environmentName(name)];
    if (value !== undefined && value !== '') values[name] = value;
  }
  return { values, label: environmentName };
}

export function commandLineLayer(argv: Readonly<Record<string, unknown>>): Layer {
  return { values: argv, label: flagName };
}

/** @param known the option names of all commands. */
export function fileLayer(path: string, known: ReadonlySet<string>): Layer {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(readObject(path))) {
    const name = key.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    if (!known.has(name)) throw new UsageError(`${path}: no command has the option "${key}"`);
    values[name] = value;
  }
  return { values, label: (name) => `"${name}" in ${path}` };
}

function readObject(path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read the configuration ${path}: ${reason}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path} must be one JSON object`);
  }
  return value;
}
