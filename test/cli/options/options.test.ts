/** Where a value comes from, and how wrong ones are refused. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../../../src/cli/cli.js';
import {
  choice,
  flag,
  integer,
  list,
  number,
  positional,
  text,
} from '../../../src/cli/options/options.js';
import { type Command, defineCommand } from '../../../src/cli/parsing/command.js';
import { fakeIo } from '../fake-io.js';

const specs = {
  word: positional('A word'),
  size: integer('Size', { min: 1, max: 9, default: 4 }),
  ratio: number('Ratio', { min: 0, max: 1, default: undefined }),
  logDir: text('Folder', 'logs'),
  loud: flag('Loud'),
  calm: flag('Calm', {}, true),
  mode: choice('Mode', ['slow', 'fast'], 'slow'),
  address: list('Addresses'),
};

type Seen = Record<string, unknown>;

function stage(): { entries: Command[]; seen: Seen[] } {
  const seen: Seen[] = [];
  const show = defineCommand({
    usage: 'show [word]',
    describe: 'Show',
    examples: [],
    specs,
    async run(values) {
      t.ok(Object.isFrozen(values));
      seen.push(values);
      return 0;
    },
  });
  const other = defineCommand({
    usage: 'other',
    describe: 'Other',
    examples: [],
    specs: { weight: integer('Weight', { min: 0, max: 9, default: 0 }) },
    run: async () => 0,
  });
  return { entries: [show, other], seen };
}

async function show(args: string[], env: Record<string, string> = {}) {
  const { entries, seen } = stage();
  const io = fakeIo({ env });
  const code = await runCli(['show', ...args], entries, io);
  return { code, values: seen[0], stderr: io.stderr() };
}

t.test('options have their defaults', async (t) => {
  const { code, values } = await show([]);
  t.equal(code, 0);
  t.same(values, {
    word: undefined,
    size: 4,
    ratio: undefined,
    logDir: 'logs',
    loud: false,
    calm: true,
    mode: 'slow',
    address: [],
  });
});

t.test('the command line overrides the environment, and the environment the file', async (t) => {
  const file = join(t.testdir(), 'bazar.json');
  writeFileSync(file, JSON.stringify({ size: 1, 'log-dir': 'file', mode: 'fast', loud: true }));
  const env = { BAZAR_SIZE: '2', BAZAR_LOG_DIR: 'environment', BAZAR_CONFIG: file };
  const { values } = await show(['--size', '3'], env);
  t.match(values, { size: 3, logDir: 'environment', mode: 'fast', loud: true });
  const named = await show(['--config', file, '--no-loud']);
  t.match(named.values, { size: 1, logDir: 'file', loud: false });
});

t.test('options of other commands are ignored in the environment and in the file', async (t) => {
  const file = join(t.testdir(), 'bazar.json');
  writeFileSync(file, JSON.stringify({ weight: 5, size: 2 }));
  const { code, values } = await show(['--config', file], { BAZAR_WEIGHT: '7', BAZAR_ELSE: 'x' });
  t.equal(code, 0);
  t.match(values, { size: 2 });
});

t.test('a name in the file that no command has is a usage error', async (t) => {
  const file = join(t.testdir(), 'bazar.json');
  writeFileSync(file, JSON.stringify({ sise: 2 }));
  const { code, stderr } = await show(['--config', file]);
  t.equal(code, 2);
  t.match(stderr, /no command has the option "sise"/);
});

t.test('an unreadable configuration is a usage error', async (t) => {
  const dir = t.testdir({ 'broken.json': '{', 'list.json': '[]' });
  for (const name of ['missing.json', 'broken.json', 'list.json']) {
    const { code, stderr } = await show(['--config', join(dir, name)]);
    t.equal(code, 2, name);
    t.match(stderr, name);
  }
});

t.test('invalid values are refused with the name of their source', async (t) => {
  const wrong: [string[], Record<string, string>, RegExp][] = [
    [['--size', '10'], {}, /--size must be an integer from 1 to 9/],
    [['--size', '2.5'], {}, /--size must be an integer/],
    [['--size', 'big'], {}, /--size must be an integer/],
    [['--size', '1', '--size', '2'], {}, /--size was given more than once/],
    [['--ratio', '1.5'], {}, /--ratio must be a number from 0 to 1/],
    [[], { BAZAR_SIZE: 'big' }, /BAZAR_SIZE must be an integer/],
    [[], { BAZAR_LOUD: 'maybe' }, /BAZAR_LOUD must be true or false/],
    [[], { BAZAR_MODE: 'medium' }, /BAZAR_MODE must be one of slow, fast/],
    [['--size'], {}, /size/],
    [['--nonsense'], {}, /nonsense/],
    [['a', 'b'], {}, /b/],
  ];
  for (const [args, env, message] of wrong) {
    const { code, stderr } = await show(args, env);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, message);
  }
});

t.test('a flag in the environment takes words for true and false', async (t) => {
  for (const word of ['1', 'true', 'YES', 'on']) {
    t.match((await show([], { BAZAR_LOUD: word })).values, { loud: true }, word);
  }
  t.match((await show([], { BAZAR_CALM: '0' })).values, { calm: false });
});

t.test('a list is given by repetition or with commas', async (t) => {
  const { values } = await show(['--address', 'a:1', '--address', 'b:2,c:3', 'word']);
  t.match(values, { address: ['a:1', 'b:2', 'c:3'], word: 'word' });
  t.match((await show([], { BAZAR_ADDRESS: 'a:1,b:2' })).values, { address: ['a:1', 'b:2'] });
});

t.test('a positional of digits stays text', async (t) => {
  t.match((await show(['0042'])).values, { word: '0042' });
});

t.test('a usage error names the wrong option once', async (t) => {
  t.match((await show([''])).stderr, /^word must be one text/);
  t.match(await show(['--sort-by', '1']), { code: 2, stderr: /^Unknown argument: sort-by\n/ });
  const two = await show(['--sort-by', '1', '--quick']);
  t.match(two, { code: 2, stderr: /^Unknown arguments: sort-by, quick\n/ });
});

t.test('help and version go to standard output and are not errors', async (t) => {
  const { entries, seen } = stage();
  const io = fakeIo();
  t.equal(await runCli(['show', '--help'], entries, io), 0);
  t.match(io.stdout(), /--log-dir +Folder/);
  t.equal(io.stderr(), '');
  t.same(seen, []);
});

t.test('a missing or unknown command is a usage error', async (t) => {
  const { entries } = stage();
  for (const args of [[], ['shwo']]) {
    const io = fakeIo();
    t.equal(await runCli(args, entries, io), 2);
    t.equal(io.stdout(), '');
    t.not(io.stderr(), '');
  }
});
