/**
 * The documents agree with the code: every link, anchor, cited rule, command, flag, npm script and
 * path in a Markdown file exists, and no page is longer than its limit.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { allCommands } from '../src/cli/commands.js';
import { kebab, type Specs } from '../src/cli/options/options.js';
import type { Command } from '../src/cli/parsing/command.js';
import { flagsOf, type Invocation, invocationsOf, parseMarkdown } from './support/markdown.js';

const root = new URL('../../', import.meta.url).pathname;

/** Words, as `wc -w` counts them. */
const wordsMax: Readonly<Record<string, number>> = {
  'README.md': 800,
  'docs/ARCHITECTURE.md': 2_000,
  'docs/THREADS.md': 1_400,
  'docs/PROTOCOL.md': 3_000,
  'docs/CACHE.md': 1_400,
  'docs/STORAGE.md': 800,
  'docs/OPERATIONS.md': 2_500,
  'docs/TESTING.md': 2_000,
  'docs/PERFORMANCE.md': 1_400,
  'docs/GLOSSARY.md': 500,
  'bench/README.md': 800,
};

/** It names commands, flags and files that existed at the time. */
const history = 'CHANGELOG.md';
const rulePages = ['docs/PROTOCOL.md', 'docs/PROTOCOL-RULES.md'];
const citing = ['src', 'sim', 'chaos', 'test', 'bench', 'docs'];
const skipped = /^(?:node_modules|dist.*|data|logs|coverage|\..*)$/;

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (!item.isDirectory()) return [path];
    return skipped.test(item.name) ? [] : filesIn(path);
  });
}

const files = filesIn('.');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = new Map(
  files.filter((path) => path.endsWith('.md')).map((path) => [path, parseMarkdown(read(path))]),
);
const current = [...pages].filter(([path]) => path !== history);
const sources = files.filter(
  (path) => /\.(?:ts|tsx|mjs)$/.test(path) && citing.includes(path.split('/')[0] ?? ''),
);

/** Each fault once, in order. */
const once = (all: readonly string[]): string[] => [...new Set(all)].sort();

t.test('every link leads to a file and an anchor', async (t) => {
  const broken = [...pages].flatMap(([page, { links, anchors }]) =>
    links.flatMap(({ path, anchor }) => {
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return [`${page}: ${path}`];
      const there = path === '' ? anchors : pages.get(target)?.anchors;
      return anchor === '' || !there || there.has(anchor) ? [] : [`${page}: ${path}#${anchor}`];
    }),
  );
  t.same(once(broken), []);
});

t.test('every document that code names exists', async (t) => {
  const missing = sources.flatMap((path) =>
    [...read(path).matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
      .filter(([name]) => !existsSync(join(root, name)))
      .map(([name]) => `${path}: ${name}`),
  );
  t.same(once(missing), []);
});

t.test('every rule that is cited stands in the protocol', async (t) => {
  const rules = rulePages.filter((page) => pages.has(page)).map(read);
  const defined = new Set<string>();
  for (const text of rules) {
    for (const [, row, bold] of text.matchAll(/^\| *\**([RAIB]\d+)\b|\*\*([RAIB]\d+)\b/gm)) {
      defined.add(row ?? bold ?? '');
    }
  }
  const places = [...sources, ...files.filter((path) => path.endsWith('.md'))];
  const unknown = places.flatMap((path) =>
    [...read(path).matchAll(/(?<![\w.#&/-])[RAIB]\d{1,2}\b(?![\w-])/g)]
      .filter(([id]) => !defined.has(id))
      .map(([id]) => `${path}: ${id}`),
  );
  t.same(once(unknown), []);
});

t.test('every section of the protocol that is cited exists', async (t) => {
  const sections = new Set(
    [...read('docs/PROTOCOL.md').matchAll(/^## (\d+)\./gm)].map(([, n]) => n),
  );
  const unknown = sources.flatMap((path) =>
    [...read(path).matchAll(/docs\/PROTOCOL\.md[,:]? (?:\n[ */]*)?(?:section )?(\d+)\b/g)]
      .filter(([, number]) => !sections.has(number))
      .map(([citation]) => `${path}: ${citation}`),
  );
  t.same(once(unknown), []);
});

/** `lookup`, or `product add`, and what each takes. */
const commands = new Map<string, Command>(
  allCommands().flatMap((entry): [string, Command][] => {
    const nameOf = ({ usage }: Command): string => usage.split(' ')[0] ?? '';
    if ('run' in entry) return [[nameOf(entry), entry]];
    return entry.commands.map((one) => [`${entry.name} ${nameOf(one)}`, one]);
  }),
);
const groups = new Set([...commands.keys()].flatMap((name) => name.match(/^\S+(?= )/g) ?? []));
const everywhere = ['help', 'version', 'config'];

function flagsOfSpecs(specs: Specs): string[] {
  return Object.entries(specs).flatMap(([name, { settings }]) => {
    if (settings.positional) return [];
    return settings.type === 'boolean' ? [kebab(name), `no-${kebab(name)}`] : [kebab(name)];
  });
}

const commandFlags = new Map(
  [...commands].map(([name, { specs }]) => [
    name,
    new Set([...everywhere, ...flagsOfSpecs(specs)]),
  ]),
);

/** `sim` as `node dist/sim/main.js`. */
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;

/** The entry file of an npm script, in which its flags stand. */
function entryOf(script: string): string {
  const [, path = ''] = /^node (\S+)/.exec(scripts[script] ?? '') ?? [];
  const entry = path.replace(/^dist\/(.*)\.js$/, '$1.ts');
  return entry === '' ? '' : read(entry);
}

function takes(script: string, flag: string): boolean {
  return new RegExp(`(?:'|--)${flag}\\b|^ *${flag}: \\{ type`, 'm').test(entryOf(script));
}

const scriptNames = Object.keys(scripts).filter((name) => !name.startsWith('pre'));
const tools = scriptNames.filter((name) => !['client', 'build', 'check', 'format'].includes(name));

/** The faults of one of our commands; none if another program runs. */
function faultsOf(words: Invocation): string[] {
  const [program = '', first = '', second = ''] = words;
  if (program === 'npm' && first === 'run') return faultsOfScript(second, words.slice(3));
  if (program.endsWith('start.sh')) return unknownFlags('up', words);
  if (program === 'node' && first.endsWith('cli/main.js'))
    return faultsOf(['bazar', ...words.slice(2)]);
  if (program !== 'bazar' || !/^[a-z]/.test(first)) return [];
  const name = groups.has(first) ? `${first} ${second}` : first;
  if (commands.has(name)) return unknownFlags(name, words);
  return groups.has(first) && !/^[a-z]/.test(second) ? [] : [`bazar ${name}`];
}

function unknownFlags(name: string, words: Invocation): string[] {
  const known = commandFlags.get(name);
  return flagsOf(words)
    .filter((flag) => !known?.has(flag))
    .map((flag) => `bazar ${name} --${flag}`);
}

function faultsOfScript(script: string, rest: Invocation): string[] {
  if (!Object.hasOwn(scripts, script)) return [`npm run ${script}`];
  if (script === 'client') return unknownFlags('shop', rest);
  return flagsOf(rest)
    .filter((flag) => flag !== 'help' && !takes(script, flag))
    .map((flag) => `npm run ${script} -- --${flag}`);
}

t.test('every command that a document shows exists, with its flags', async (t) => {
  const unknown = current.flatMap(([page, { lines, spans }]) =>
    [...lines, ...spans]
      .flatMap(invocationsOf)
      .flatMap(faultsOf)
      .map((fault) => `${page}: ${fault}`),
  );
  t.same(once(unknown), []);
});

t.test('every flag that a document names alone exists', async (t) => {
  const known = new Set([...commandFlags.values()].flatMap((flags) => [...flags]));
  const isKnown = (flag: string) => known.has(flag) || tools.some((name) => takes(name, flag));
  const unknown = current.flatMap(([page, { spans }]) =>
    spans
      .filter((span) => span.startsWith('--'))
      .flatMap((span) => flagsOf(span.split(/[\s,]+/)))
      .filter((flag) => !isKnown(flag))
      .map((flag) => `${page}: --${flag}`),
  );
  t.same(once(unknown), []);
});

t.test('every npm script that a document names exists', async (t) => {
  const unknown = current.flatMap(([page, { text }]) =>
    [...text.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)]
      .filter(([, name]) => !Object.hasOwn(scripts, name ?? ''))
      .map(([command]) => `${page}: ${command}`),
  );
  t.same(once(unknown), []);
});

const pathStart =
  '(?:src|sim|chaos|test|bench|scripts|docs|clients|dist/(?:src|test|sim|chaos|bench))';
const pathPattern = new RegExp(`(?<![\\w./:@-])${pathStart}/[\\w.*{},/-]*[\\w*}/]`, 'g');

/** A pattern of files, with `*` and `{a,b}`, as a regular expression. */
function asPattern(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
  const alternatives = escaped.replace(/\{([^}]*)\}/g, (_all, inner: string) => {
    return `(?:${inner.replaceAll(',', '|')})`;
  });
  return new RegExp(`^${alternatives}(?:$|/)`);
}

function isThere(path: string): boolean {
  const source = path.replace(/^dist\/(.*)\.js$/, '$1.ts').replace(/^dist\//, '');
  const name = source.replace(/\/$/, '');
  if (/[*{]/.test(name)) return files.some((file) => asPattern(name).test(file));
  return existsSync(join(root, name));
}

t.test('every path that a document names exists', async (t) => {
  const missing = current.flatMap(([page, { text }]) =>
    [...text.matchAll(pathPattern)]
      .map(([path]) => path)
      .filter((path) => !isThere(path))
      .map((path) => `${page}: ${path}`),
  );
  t.same(once(missing), []);
});

t.test('every source file that a document names exists', async (t) => {
  const names = new Set(files.map((path) => path.split('/').at(-1)));
  const places = ['', 'src/', 'src/checker/'];
  const isFile = (name: string): boolean => {
    if (!name.includes('/')) return names.has(name);
    return places.some((place) => existsSync(join(root, place, name)));
  };
  const missing = current.flatMap(([page, { spans }]) =>
    spans
      .filter((span) => /^[\w./-]+\.(?:ts|tsx|mjs)$/.test(span) && !isFile(span))
      .map((span) => `${page}: ${span}`),
  );
  t.same(once(missing), []);
});

t.test('no page is longer than its limit', async (t) => {
  for (const [page, max] of Object.entries(wordsMax)) {
    const words = pages
      .get(page)
      ?.text.split(/\s+/)
      .filter((word) => word !== '').length;
    t.ok(words !== undefined && words <= max, `${page} has ${words ?? 'no'} words of ${max}`);
  }
});
