/**
 * The error for a command line without a required word: names the word and shows the usage, instead
 * of the parser's count of words. Uses only the usages of the commands.
 */
import type { Command, Entry } from './command.js';

/** @param words the words that are not options, starting with the command's name. */
export function missingArgument(
  words: readonly string[],
  entries: readonly Entry[],
): string | undefined {
  const [first, second] = words;
  const entry = entries.find((one) => nameOf(one) === first);
  if (!entry) return undefined;
  if ('run' in entry) return missing(`bazar ${entry.usage}`, entry, words.length - 1);
  const command = entry.commands.find((one) => nameOf(one) === second);
  return command && missing(`bazar ${entry.name} ${command.usage}`, command, words.length - 2);
}

/** @param given the number of words after the command's name. */
function missing(line: string, { usage }: Command, given: number): string | undefined {
  const needed = [...usage.matchAll(/<([\w-]+)>/g)].map(([, name]) => name);
  const lacking = needed.slice(given);
  if (lacking.length === 0) return undefined;
  return `missing ${lacking.join(' and ')}: ${line}`;
}

function nameOf(entry: Entry): string {
  return 'run' in entry ? (entry.usage.split(' ')[0] ?? '') : entry.name;
}
