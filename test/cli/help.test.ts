/** The names of the commands: those that the documents promise, and what a mistyped one hears. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { runCli } from '../../src/cli/cli.js';
import { allCommands } from '../../src/cli/commands.js';
import { fakeIo } from './fake-io.js';

const root = new URL('../../../', import.meta.url);

async function run(...args: string[]) {
  const io = fakeIo();
  const code = await runCli(args, allCommands(), io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

function mentioned(file: string, pattern: RegExp): string[] {
  const text = readFileSync(new URL(file, root), 'utf8');
  return [...new Set([...text.matchAll(pattern)].map(([, words = '']) => words))];
}

t.test('the help has every command of the documents', async (t) => {
  const words = [
    ...mentioned('docs/CLI.md', /`bazar ([a-z]+)/g),
    ...mentioned('compose.yaml', /command: \[(\w+)/g),
  ];
  for (const word of ['up', 'product', 'frontend', 'init']) t.ok(words.includes(word), word);
  const { code, stdout } = await run('--help');
  t.equal(code, 0);
  for (const word of words) t.match(stdout, new RegExp(`^ +bazar ${word}\\b`, 'm'), word);
  const inGroup = await run('product', '--help');
  const second = mentioned('docs/CLI.md', /`bazar product ([a-z]+)/g);
  t.same(second.sort(), ['add', 'adjust', 'remove', 'set', 'stock']);
  for (const word of second) t.match(inGroup.stdout, `bazar product ${word}`, word);
});

t.test('an unknown command is reported before its options', async (t) => {
  for (const [args, said] of [
    [['statu'], 'unknown command "statu": did you mean status?'],
    [['serach', '--text', 'u'], 'unknown command "serach": did you mean search?'],
    [['nonsense', '--flags'], 'unknown command "nonsense"'],
    [
      ['product', 'nosuch', '--flags'],
      'unknown command "product nosuch": bazar product has add, set, stock, adjust, remove',
    ],
    [['product', 'remov', '8'], 'unknown command "product remov": did you mean product remove?'],
  ] as const) {
    t.same(await run(...args), {
      code: 2,
      stdout: '',
      stderr: `${said}\nsee bazar --help\n`,
    });
  }
});

t.test('a missing argument is reported by its name', async (t) => {
  for (const [args, said] of [
    [['kill'], 'missing name: bazar kill <name>'],
    [['buy', '--quantity', '2'], 'missing item: bazar buy <item>'],
    [['product', 'set', '--price', '3'], 'missing item: bazar product set <item>'],
  ] as const) {
    t.same(await run(...args), {
      code: 2,
      stdout: '',
      stderr: `${said}\nsee bazar --help\n`,
    });
  }
});

t.test(
  'the help of a service shows only its own options, and the others are accepted',
  async (t) => {
    const foreign = {
      catalog: ['http-listen', 'demo', 'tls-cert'],
      order: ['restock-every', 'http-listen', 'demo'],
      recovery: ['restock-every', 'products-file', 'cors-origin'],
      frontend: ['restock-every', 'products-file', 'snapshot-every', 'init', 'repair'],
    };
    for (const [kind, flags] of Object.entries(foreign)) {
      const { stdout } = await run(kind, '--help');
      for (const flag of ['listen', 'peers', 'cluster-tls-cert'])
        t.match(stdout, `--${flag} `, kind);
      for (const flag of flags) t.notMatch(stdout, `--${flag} `, kind);
    }
    const refused = await run('frontend', '--restock-every', '5', '--id', 'frontend');
    t.match(
      refused,
      { code: 2, stderr: '--id must have the form frontend-1' },
      'only the name is wrong',
    );
  },
);

t.test('the parser answers help and a missing subcommand', async (t) => {
  t.match(await run('help'), { code: 0, stdout: /bazar status/ });
  t.match(await run('product'), { code: 2, stderr: /needs one of its commands/ });
});
