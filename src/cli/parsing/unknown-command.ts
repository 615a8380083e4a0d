/**
 * Checks the command name before the options, so that a misspelled command gets no option errors.
 * Uses only names.
 */
import type { Entry } from './command.js';

/** The parser answers this word after any command. */
const help = 'help';

/** The error in the words; undefined if they are valid, or if an option comes first. */
export function unknownCommand(
  [first, second]: readonly string[],
  entries: readonly Entry[],
): string | undefined {
  if (!isWord(first)) return undefined;
  const entry = entries.find((one) => nameOf(one) === first);
  if (!entry) return refuse('', first, entries.map(nameOf));
  if ('run' in entry || !isWord(second)) return undefined;
  return refuse(`${entry.name} `, second, entry.commands.map(nameOf));
}

function isWord(word: string | undefined): word is string {
  return word !== undefined && word !== '' && !word.startsWith('-');
}

function nameOf(entry: Entry): string {
  return 'run' in entry ? (entry.usage.split(' ')[0] ?? '') : entry.name;
}

function refuse(group: string, word: string, names: readonly string[]): string | undefined {
  if (word === help || names.includes(word)) return undefined;
  const said = `unknown command "${group}${word}"`;
  const meant = nearest(word, names);
  if (meant !== undefined) return `${said}: did you mean ${group}${meant}?`;
  return group === '' ? said : `${said}: bazar ${group}has ${names.join(', ')}`;
}

/** The most similar name, if at most half of its letters differ. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, apart: distance(word, name) }))
    .filter(({ name, apart }) => apart * 2 <= Math.max(word.length, name.length))
    .sort((a, b) => a.apart - b.apart);
  return best?.name;
}

/**
 * The edit distance: how many letters must be inserted, removed or replaced to turn `a` into `b`.
 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_none, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
