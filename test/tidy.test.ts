// The house rules that a machine can check: floors, file length, ports of time and chance.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import t from 'tap';

const root = new URL('../../', import.meta.url).pathname;
const source = join(root, 'src');
const linesMax = 350;

const floors: Readonly<Record<string, number>> = {
  base: 0,
  wire: 1,
  consensus: 1,
  checker: 1,
  storage: 2,
  net: 2,
  pool: 2,
  group: 3,
  catalog: 4,
  order: 4,
  recovery: 4,
  frontend: 4,
  gateway: 5,
  client: 5,
  cli: 6,
};

/** Between rooms of one floor: the pool hands out sessions that look like connections. */
const passages = new Set(['pool → net/types.ts']);

/** The files that stand for the clock, for chance and for the outside world. */
const ports: readonly { call: RegExp; in: RegExp }[] = [
  { call: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, in: /^base\/clock\.ts$/ },
  {
    call: /\bset(Timeout|Interval|Immediate)\(/,
    in: /^(base\/clock\.ts|net\/duplex\.ts|storage\/node-file\.ts|cli\/)/,
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

t.test('every file imports from lower floors or its own folder alone', async (t) => {
  for (const { name, text } of all) {
    const room = name.split('/')[0] ?? '';
    const floor = floors[room];
    t.ok(floor !== undefined, `${room} has a floor`);
    for (const [, path] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const target = join(dirname(name), path ?? '').replace(/\.js$/, '.ts');
      const other = target.split('/')[0] ?? '';
      const allowed =
        other === room ||
        (floors[other] ?? 99) < (floor ?? -1) ||
        passages.has(`${room} → ${target}`);
      t.ok(allowed, `${name} imports ${target}`);
    }
  }
});

t.test('the store never replaces a limit', async (t) => {
  for (const { name, text } of all) {
    t.notMatch(code(text), /replaced-limits|withLimits/, `${name} leaves its limits alone`);
  }
});

t.test('no file is longer than one thing needs', async (t) => {
  for (const { name, text } of all) {
    const lines = text.split('\n').length;
    t.ok(lines <= linesMax, `${name} has ${lines} lines`);
  }
});

t.test('every file says first what it is for', async (t) => {
  for (const { name, text } of all) {
    t.match(text.replace(/^#!.*\n/, ''), /^\/\*\*/, `${name} opens with a comment`);
  }
});

t.test('time, chance and libraries come in through their ports', async (t) => {
  for (const { name, text } of all) {
    for (const port of ports) {
      if (port.in.test(name)) continue;
      t.notMatch(code(text), port.call, `${name} uses ${port.call.source}`);
    }
  }
});
