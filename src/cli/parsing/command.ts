/**
 * Defines a command: its usage, its options and its function. `run` imports its modules when it is
 * called, so that `bazar lookup` does not load the code of a service.
 */

import { type Layer, readValues, type Specs, type Values } from '../options/options.js';
import type { Io } from '../output/io.js';

export interface Definition<S extends Specs> {
  /** In the syntax of yargs: `buy <item>`. The first word is the name. */
  readonly usage: string;
  readonly describe: string;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  readonly specs: S;
  /** A long-running process, which must not keep yargs in its memory. */
  readonly stays?: boolean;
  /** Resolves to the exit code. */
  run(values: Values<S>, io: Io): Promise<number>;
}

export interface Command {
  readonly usage: string;
  readonly describe: string;
  readonly examples: Definition<Specs>['examples'];
  readonly specs: Specs;
  readonly stays: boolean;
  run(layers: readonly Layer[], io: Io): Promise<number>;
}

export function defineCommand<S extends Specs>(definition: Definition<S>): Command {
  const { usage, describe, examples, specs, stays = false } = definition;
  return {
    usage,
    describe,
    examples,
    specs,
    stays,
    run: async (layers, io) => definition.run(readValues(specs, layers), io),
  };
}

/** Commands that share a first word, such as `product add` and `product set`. */
export interface CommandGroup {
  readonly name: string;
  readonly describe: string;
  readonly commands: readonly Command[];
}

export type Entry = Command | CommandGroup;

/** The option names of all commands. */
export function optionNames(entries: readonly Entry[]): Set<string> {
  const commands = entries.flatMap((entry) => ('run' in entry ? [entry] : entry.commands));
  return new Set(commands.flatMap(({ specs }) => Object.keys(specs)));
}

/** The chosen command and the values from the command line. */
export interface Chosen {
  readonly command: Command;
  readonly argv: Readonly<Record<string, unknown>>;
}
