/**
 * What a command is: how it is typed, what it takes, and what it does. Its `run` loads what it
 * needs when it runs, so that `bazar lookup` never reads the code of a service.
 */

import { type Layer, readValues, type Specs, type Values } from '../options/options.js';
import type { Io } from '../output/io.js';

export interface Definition<S extends Specs> {
  /** As yargs takes it: `buy <item>`. The first word is the name. */
  readonly usage: string;
  readonly describe: string;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  readonly specs: S;
  /** The process stays long: it must not carry the big parser in its memory. */
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

/** Commands that share a first word, as `product add` and `product set`. */
export interface CommandGroup {
  readonly name: string;
  readonly describe: string;
  readonly commands: readonly Command[];
}

export type Entry = Command | CommandGroup;

/** The names of all options that some command takes. */
export function optionNames(entries: readonly Entry[]): Set<string> {
  const commands = entries.flatMap((entry) => ('run' in entry ? [entry] : entry.commands));
  return new Set(commands.flatMap(({ specs }) => Object.keys(specs)));
}

/** What a command line chose, and the values that stood on it. */
export interface Chosen {
  readonly command: Command;
  readonly argv: Readonly<Record<string, unknown>>;
}
