/**
 * What a command is: how it is typed, what it takes, and what it does. Its `run` loads what it
 * needs when it runs, so that `bazar lookup` never reads the code of a service.
 */
import type { Io } from './io.js';
import { type Layer, readValues, type Specs, type Values } from './options.js';

export interface Definition<S extends Specs> {
  /** As yargs takes it: `buy <item>`. The first word is the name. */
  readonly usage: string;
  readonly describe: string;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  readonly specs: S;
  /** Resolves to the exit code. */
  run(values: Values<S>, io: Io): Promise<number>;
}

export interface Command {
  readonly usage: string;
  readonly describe: string;
  readonly examples: Definition<Specs>['examples'];
  readonly specs: Specs;
  run(layers: readonly Layer[], io: Io): Promise<number>;
}

export function defineCommand<S extends Specs>(definition: Definition<S>): Command {
  const { usage, describe, examples, specs } = definition;
  return {
    usage,
    describe,
    examples,
    specs,
    run: async (layers, io) => definition.run(readValues(specs, layers), io),
  };
}
