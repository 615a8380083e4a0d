/**
 * Reads a Markdown page as far as the documentation test needs it: links, anchors of headings, code
 * spans, and the commands that code blocks and code spans show. It does not depend on the command line.
 */

export interface Link {
  /** Relative path; empty for the page itself. */
  readonly path: string;
  /** Without `#`; empty for the whole page. */
  readonly anchor: string;
}

export interface Markdown {
  readonly text: string;
  readonly links: readonly Link[];
  readonly anchors: ReadonlySet<string>;
  /** Inline code. */
  readonly spans: readonly string[];
  /** Lines of code blocks; a line that ends with a backslash includes the next one. */
  readonly lines: readonly string[];
}

/** One program with its arguments, without environment, redirection and comment. */
export type Invocation = readonly string[];

const fence = /^( *)(`{3,}|~{3,})(.*)\n([\s\S]*?)^ *\2 *$/gm;
const inlineCode = /(`+)((?:(?!\1)[\s\S])+?)\1(?!`)/g;
const link = /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g;

export function parseMarkdown(text: string): Markdown {
  const blocks = [...text.matchAll(fence)].map(([, , , , body]) => body ?? '');
  const withoutBlocks = text.replace(fence, '');
  const spans = [...withoutBlocks.matchAll(inlineCode)].map(([, , span]) => (span ?? '').trim());
  const prose = withoutBlocks.replace(inlineCode, '');
  return {
    text,
    links: [...prose.matchAll(link)].flatMap(([, target]) => readLink(target ?? '')),
    anchors: anchorsOf(withoutBlocks),
    spans: spans.map((span) => span.replace(/\s+/g, ' ')),
    lines: blocks.flatMap((block) => block.replace(/\s*\\\n\s*/g, ' ').split('\n')),
  };
}

/** Links to other sites are not checked: a test must not need the network. */
function readLink(target: string): Link[] {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
  const [path = '', anchor = ''] = target.split('#');
  return [{ path: decodeURIComponent(path), anchor: decodeURIComponent(anchor) }];
}

/** As GitHub makes them: lower case, without punctuation, numbered when a heading repeats. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const counts = new Map<string, number>();
  for (const [, heading] of text.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const plain = (heading ?? '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id ?? '');
  return anchors;
}

/** The commands of one line: parts of a pipe and of a sequence are commands of their own. */
export function invocationsOf(line: string): Invocation[] {
  const command = line
    .replace(/^\s*(?:\$|#|>) +/, '')
    .replace(/\s#.*$/, '')
    .replaceAll(/"[^"]*"|'[^']*'/g, (quoted) => quoted.replaceAll(/[\s|&;]/g, '_'));
  return command
    .split(/\|\|?|&&?|;|\$\(|\bdo\b/)
    .map((part) => part.trim().split(/\s+/).filter(isArgument))
    .map((words) => words.slice(words.findIndex((word) => !isPrefix.test(word))))
    .filter((words) => words.length > 0);
}

/** Before the program: environment, sudo, npx, a user of a shell. */
const isPrefix = /^(?:[A-Z_][A-Z0-9_]*=\S*|sudo|npx|exec|nice|time)$/;

function isArgument(word: string): boolean {
  return word !== '' && word !== '\\' && !/^\d?[<>]/.test(word);
}

/** The long flags, without value and without dashes. */
export function flagsOf(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const [, name] = /^[[(]*--([a-z][\w-]*)/.exec(word) ?? [];
    return name === undefined ? [] : [name];
  });
}
