// The house rules that a test can check: file length, opening comments, ports of time and chance.
// Import rules (floors and cycles) are in .dependency-cruiser.mjs.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';

const root = new URL('../../', import.meta.url).pathname;
const source = join(root, 'src');
const linesMax = 350;

/** The files that stand for the clock, for chance and for the outside world. */
const ports: readonly { call: RegExp; in: RegExp }[] = [
  { call: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, in: /^base\/clock\.ts$/ },
  {
    call: /\bset(Timeout|Interval|Immediate)\(/,
    in: /^(base\/(clock|turn)\.ts|net\/duplex\.ts|storage\/node-file\.ts|cli\/)/,
  },
  { call: /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, in: /^base\/random\.ts$/ },
  { call: /\bprocess\.env\b/, in: /^cli\// },
  { call: /\bconsole\./, in: /^cli\// },
  { call: /from 'msgpackr'/, in: /^wire\/codec\.ts$/ },
  { call: /from 'lowdb/, in: /^storage\// },
  { call: /from 'piscina'/, in: /^pool\// },
];

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (item.isDirectory()) return item.name === 'web' ? [] : files(path);
    return item.name.endsWith('.ts') ? [path] : [];
  });
}

const all = files(source).map((path) => ({
  name: relative(source, path),
  text: readFileSync(path, 'utf8'),
}));

/** Code without comments and strings of a call's look-alikes in prose. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** The names of the files for which this holds. One assertion a file would take seconds. */
function filesWhere(holds: (file: { name: string; text: string }) => boolean): string[] {
  return all.filter(holds).map(({ name }) => name);
}

t.test('no type is imported inline, where the import rules do not see it', async (t) => {
  const inline = /(?:[:<|&]|typeof) *import\('/;
  t.same(
    filesWhere(({ text }) => inline.test(text)),
    [],
  );
});

t.test('the store never replaces a limit', async (t) => {
  t.same(
    filesWhere(({ text }) => /replaced-limits|withLimits/.test(code(text))),
    [],
  );
});

t.test('no file is longer than one thing needs', async (t) => {
  t.same(
    filesWhere(({ text }) => text.split('\n').length > linesMax),
    [],
  );
});

t.test('every file says first what it is for', async (t) => {
  t.same(
    filesWhere(({ text }) => !/^\/\*\*/.test(text.replace(/^#!.*\n/, ''))),
    [],
  );
});

t.test('time, chance and libraries come in through their ports', async (t) => {
  for (const { call, in: port } of ports) {
    const users = filesWhere(({ name, text }) => !port.test(name) && call.test(code(text)));
    t.same(users, [], call.source);
  }
});
