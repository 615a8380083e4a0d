/**
 * What a command line says that stops before a word which its command needs: the word and how the
 * line goes, in place of the parser's count. Knows usages alone.
 */
import type { Command, Entry } from './command.js';

/** @param words those of the line that are no options, the command's own first. */
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

/** @param given how many words follow the command's name. */
function missing(line: string, { usage }: Command, given: number): string | undefined {
  const needed = [...usage.matchAll(/<([\w-]+)>/g)].map(([, name]) => name);
  const lacking = needed.slice(given);
  if (lacking.length === 0) return undefined;
  return `missing ${lacking.join(' and ')}: ${line}`;
}

function nameOf(entry: Entry): string {
  return 'run' in entry ? (entry.usage.split(' ')[0] ?? '') : entry.name;
}
