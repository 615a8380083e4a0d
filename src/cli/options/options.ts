/**
 * Typed options: the settings with which yargs parses and describes one, and the function that
 * reads and checks its value. A value comes from the command line, the environment (BAZAR_…) or the
 * configuration file, in this order; `readValues` makes the frozen object that a command gets.
 */
import type { Options } from 'yargs';
import { UsageError } from '../output/exit-codes.js';

/** The completions of a value, besides the option's own choices. */
export type Completes = 'services' | 'files' | 'shells';

type TextSettings = Options & { readonly completes?: Completes };

export interface Option<T> {
  readonly settings: TextSettings & { readonly positional?: boolean };
  /** Checks a given value, or yields the default for undefined. `label` names it in errors. */
  read(value: unknown, label: string): T;
}

export type Specs = Readonly<Record<string, Option<unknown>>>;
export type Values<S extends Specs> = {
  readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never;
};

/** A source of values; an earlier layer wins. `label` is the name of an option in errors. */
export interface Layer {
  readonly values: Readonly<Record<string, unknown>>;
  label(name: string): string;
}

export function readValues<S extends Specs>(specs: S, layers: readonly Layer[]): Values<S> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(specs)) {
    const layer = layers.find((one) => one.values[name] !== undefined);
    const value = layer?.values[name];
    const label = layer?.label(name) ?? flagName(name);
    if (Array.isArray(value) && option.settings.array !== true) {
      throw new UsageError(`${label} was given more than once`);
    }
    values[name] = option.read(value, label);
  }
  // Each name was read by its own option, so the types match.
  return Object.freeze(values) as Values<S>;
}

/** Converts `portOffset` to `--port-offset`. */
export function flagName(name: string): string {
  return `--${kebab(name)}`;
}

export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Converts `portOffset` to `BAZAR_PORT_OFFSET`. */
export function environmentName(name: string): string {
  return `BAZAR_${kebab(name).replaceAll('-', '_').toUpperCase()}`;
}

const words = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
]);

export function flag(describe: string, settings: Options = {}, byDefault = false): Option<boolean> {
  return {
    settings: { ...settings, describe, type: 'boolean' },
    read(value, label) {
      if (value === undefined) return byDefault;
      const read = words.get(typeof value === 'string' ? value.toLowerCase() : value);
      if (read === undefined) throw new UsageError(`${label} must be true or false`);
      return read;
    },
  };
}

interface Range<D> {
  readonly min: number;
  readonly max: number;
  readonly default: D;
}

export function number<D extends number | undefined>(
  describe: string,
  range: Range<D>,
  settings: Options & { readonly integer?: boolean } = {},
): Option<number | D> {
  const { integer = false, ...rest } = settings;
  const kind = integer ? 'an integer' : 'a number';
  return {
    settings: withDefault({ ...rest, describe, type: 'number', requiresArg: true }, range.default),
    read(value, label) {
      if (value === undefined) return range.default;
      const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const fits = typeof read === 'number' && read >= range.min && read <= range.max;
      if (!fits || (integer && !Number.isInteger(read))) {
        throw new UsageError(`${label} must be ${kind} from ${range.min} to ${range.max}`);
      }
      return read;
    },
  };
}

export function integer<D extends number | undefined>(
  describe: string,
  range: Range<D>,
  settings: Options = {},
): Option<number | D> {
  return number(describe, range, { ...settings, integer: true });
}

export function text<D extends string | undefined>(
  describe: string,
  byDefault: D,
  settings: TextSettings = {},
): Option<string | D> {
  return {
    settings: withDefault({ ...settings, describe, type: 'string', requiresArg: true }, byDefault),
    read(value, label) {
      if (value === undefined) return byDefault;
      if (typeof value === 'number') return String(value);
      if (typeof value !== 'string' || value === '') {
        throw new UsageError(`${label} must be one text, not empty`);
      }
      return value;
    },
  };
}

export function choice<const C extends string, D extends C | undefined>(
  describe: string,
  choices: readonly C[],
  byDefault: D,
  settings: Options = {},
): Option<C | D> {
  return {
    settings: withDefault({ ...settings, describe, choices, requiresArg: true }, byDefault),
    read(value, label) {
      if (value === undefined) return byDefault;
      const found = choices.find((one) => one === value);
      if (found === undefined)
        throw new UsageError(`${label} must be one of ${choices.join(', ')}`);
      return found;
    },
  };
}

/** May be given several times; in the environment, commas separate the values. */
export function list(describe: string, settings: Options = {}): Option<readonly string[]> {
  return {
    settings: { ...settings, describe, type: 'string', array: true, requiresArg: true },
    read(value, label) {
      if (value === undefined) return [];
      const values = Array.isArray(value) ? value : [value];
      const read = values.flatMap((one) => (typeof one === 'string' ? one.split(',') : [one]));
      if (!read.every((one): one is string => typeof one === 'string' && one !== '')) {
        throw new UsageError(`${label} must be one text or several`);
      }
      return read;
    },
  };
}

/** A positional word: `<name>` or `[name]` in the command's usage. */
export function positional(
  describe: string,
  own: { readonly completes?: Completes } = {},
): Option<string | undefined> {
  const { settings, read } = text(describe, undefined);
  const { requiresArg: _requiresArg, ...rest } = settings;
  return {
    settings: { ...rest, ...own, positional: true },
    read: (value, label) => read(value, label.replace(/^--/, '')),
  };
}

/** Still accepted, but hidden in the help and not completed. */
export function hidden<T>(option: Option<T>): Option<T> {
  return { ...option, settings: { ...option.settings, hidden: true } };
}

function withDefault(settings: Options, value: unknown): Options {
  return value === undefined ? settings : { defaultDescription: String(value), ...settings };
}
