/**
 * Lists what may come next on a command line: commands, flags, their values, service names, or
 * files. Uses the definitions of the commands and depends on no shell. Invariant: the parser
 * accepts every offer.
 */

import { type Completes, kebab, type Option, type Specs, text } from '../options/options.js';
import type { Command, Entry } from '../parsing/command.js';

export interface Offer {
  readonly word: string;
  readonly meaning: string;
}

/** `files`: the shell completes paths. */
export type Offers = readonly Offer[] | 'files';

/** The offers for an option or argument that `Completes` describes. */
export type WordsFor = (
  what: Exclude<Completes, 'files'>,
  typed: readonly string[],
) => readonly string[];

const everywhere: Specs = {
  config: text('JSON file of options', undefined, { completes: 'files' }),
};
const helpFlag: Offer = { word: '--help', meaning: 'Show help' };
const versionFlag: Offer = { word: '--version', meaning: 'Show version number' };

/** @param typed the words after `bazar`; the last one is completed, and may be empty. */
export function offersFor(
  typed: readonly string[],
  entries: readonly Entry[],
  wordsFor: WordsFor,
): Offers {
  const { words, split } = joined(typed);
  const current = words.at(-1) ?? '';
  const place = placeAfter(words.slice(0, -1), entries);
  if (!place) return [];
  const valuesOf = ({ settings }: Option<unknown>, prefix: string, before = ''): Offers => {
    const { completes, choices } = settings;
    if (completes === 'files') return 'files';
    const all = completes ? wordsFor(completes, words) : (choices ?? []).map(String);
    const fitting = all.filter((word) => word.startsWith(prefix));
    return fitting.map((word) => ({ word: before + word, meaning: '' }));
  };
  if (place.waiting) return valuesOf(place.waiting, current);
  const [, flag = '', value = ''] = /^(--[\w-]+=)(.*)$/s.exec(current) ?? [];
  if (flag !== '') {
    const option = optionOf(place.specs, flag.slice(2, -1));
    // Bash replaces only the text after the equals sign.
    return option ? valuesOf(option, value, split ? '' : flag) : [];
  }
  const starting = (offers: readonly Offer[]): Offer[] =>
    offers.filter(({ word }) => word.startsWith(current));
  if (current.startsWith('-')) return starting(flagsAt(place));
  if (place.entries) return starting(place.entries.map(offerOf));
  const positional = place.positionals[place.given];
  if (positional) {
    const { completes, choices } = positional.settings;
    if (completes ?? choices) return valuesOf(positional, current);
    return [];
  }
  return current === '' ? flagsAt(place) : [];
}

/** The position in a command line after some words. */
interface Place {
  /** One of these comes next; undefined after a complete command name. */
  entries: readonly Entry[] | undefined;
  readonly isTop: boolean;
  specs: Specs;
  positionals: readonly Option<unknown>[];
  /** Number of positional words so far. */
  given: number;
  /** The flag whose value comes next. */
  waiting: Option<unknown> | undefined;
  readonly used: Set<Option<unknown>>;
}

/** Undefined if a word is not a command. */
function placeAfter(words: readonly string[], entries: readonly Entry[]): Place | undefined {
  let place: Place = {
    ...{ entries, isTop: true, specs: everywhere, positionals: [], given: 0 },
    ...{ waiting: undefined, used: new Set() },
  };
  for (const word of words) {
    if (place.waiting) place.waiting = undefined;
    else if (word.startsWith('-')) {
      const [name = ''] = word.replace(/^--?/, '').split('=');
      // Before the command name, accept the flags of any command.
      const option = optionOf(place.entries ? specsOf(place.entries) : place.specs, name);
      if (!option) continue;
      place.used.add(option);
      if (option.settings.type !== 'boolean' && !word.includes('=')) place.waiting = option;
    } else if (!place.entries) place.given++;
    else {
      const entry = place.entries.find((one) => offerOf(one).word === word);
      if (!entry) return undefined;
      place =
        'run' in entry
          ? { ...place, ...inside(entry), entries: undefined, isTop: false }
          : { ...place, entries: entry.commands, isTop: false };
    }
  }
  return place;
}

function specsOf(entries: readonly Entry[]): Specs {
  const commands = entries.flatMap((entry) => ('run' in entry ? [entry] : entry.commands));
  return Object.assign({}, ...commands.map(({ specs }) => specs), everywhere);
}

function inside({ usage, specs }: Command): Pick<Place, 'specs' | 'positionals'> {
  const names = [...usage.matchAll(/[<[]([\w-]+)/g)].map(([, name]) => name);
  const all = Object.entries(specs);
  const positionals = names.flatMap((name) => {
    const found = all.find(([own]) => kebab(own) === name);
    return found ? [found[1]] : [];
  });
  return { positionals, specs: { ...specs, ...everywhere } };
}

function optionOf(specs: Specs, name: string): Option<unknown> | undefined {
  const found = Object.entries(specs).find(([own, { settings }]) => {
    if (settings.positional) return false;
    const isNegated = settings.type === 'boolean' && name === `no-${kebab(own)}`;
    return isNegated || kebab(own) === name || settings.alias === name;
  });
  return found?.[1];
}

/** For a flag that is on by default, offers the form that switches it off. */
function flagsAt({ specs, used, isTop, entries }: Place): Offer[] {
  const own = Object.entries(specs).flatMap(([name, option]) => {
    const { positional, hidden, array, type, describe = '' } = option.settings;
    if (positional || hidden || (used.has(option) && !array)) return [];
    const isOn = type === 'boolean' && option.read(undefined, name) === true;
    return [{ word: `--${isOn ? 'no-' : ''}${kebab(name)}`, meaning: describe }];
  });
  return [...(entries && !isTop ? [] : own), helpFlag, ...(isTop ? [versionFlag] : [])];
}

function offerOf(entry: Entry): Offer {
  const word = 'run' in entry ? (entry.usage.split(' ')[0] ?? '') : entry.name;
  return { word, meaning: entry.describe };
}

/** Bash splits `--flag=value` into three words. */
function joined(typed: readonly string[]): { words: readonly string[]; split: boolean } {
  const words: string[] = [];
  let split = false;
  for (const [i, word] of typed.entries()) {
    const last = words.at(-1) ?? '';
    const isEquals = word === '=' && /^--[\w-]+$/.test(last);
    const isValue = typed[i - 1] === '=' && /^--[\w-]+=$/.test(last);
    split = isEquals || isValue;
    if (split) words[words.length - 1] = last + word;
    else words.push(word);
  }
  return { words, split };
}
