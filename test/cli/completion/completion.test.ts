/** What a shell is offered: what the parser takes, and nothing else. */
import t, { type Test } from 'tap';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { fakeIo } from '../fake-io.js';

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const io = fakeIo({ env });
  const code = await runCli(args, allCommands(), io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

async function offered(...words: string[]): Promise<string[]> {
  const { stdout } = await run(['--completions=bash', ...words]);
  return stdout.split('\n').filter((word) => word !== '');
}

function dataFolder(t: Test): string {
  return t.testdir({
    'cluster.json': JSON.stringify({ members: ['order-1', 'catalog-1'] }),
    run: { 'frontend-1.pid': '1', 'launcher.pid': '2' },
  });
}

t.test('commands are offered if one is missing', async (t) => {
  t.same(await offered('ki'), ['kill']);
  t.ok((await offered('')).includes('completion'));
  t.same(await offered('product', ''), ['add', 'set', 'stock', 'adjust', 'remove']);
  t.same(await offered('completion', ''), ['bash', 'zsh', 'fish'], 'and not after one');
  t.same(await offered('no-such', ''), []);
  t.same(await offered('--data-dir', 'x', 'ki'), ['kill'], 'after a flag, too');
});

t.test('names of services are offered if the command takes one', async (t) => {
  const dataDir = dataFolder(t);
  const names = ['catalog-1', 'frontend-1', 'order-1'];
  for (const command of ['kill', 'start', 'logs']) {
    t.same(await offered(command, '--data-dir', dataDir, ''), names, command);
    t.same(await offered(command, `--data-dir=${dataDir}`, 'o'), ['order-1'], command);
    t.same(await offered(command, '--data-dir', '=', dataDir, 'o'), ['order-1'], 'split by bash');
  }
  t.same(await offered('kill', '--data-dir', `${dataDir}/nothing`, ''), []);
  t.same(await offered('lookup', '--data-dir', dataDir, ''), [], 'not for any word');
  const after = await offered('kill', 'order-1', '--data-dir', dataDir, '');
  t.notOk(after.includes('catalog-1'), 'and once');
});

t.test('the value of an option completes to a choice, a path or nothing', async (t) => {
  t.same(await offered('up', '--log-level', 'i'), ['info']);
  t.same(await offered('product', 'adjust', 'Tux', '--reason', 'c'), ['correction', 'count']);
  t.same(await offered('up', '--orders-status=2'), ['--orders-status=200', '--orders-status=201']);
  t.same(await offered('up', '--orders-status', '=', '2'), ['200', '201'], 'split by bash');
  for (const words of [
    ['up', '--data-dir', ''],
    ['frontend', '--tls-cert', 'x'],
    ['--config', ''],
    ['import', 'st'],
    ['backup', ''],
  ]) {
    t.same(await offered(...words), [':files'], words.join(' '));
  }
  t.same(await offered('product', 'set', 'Tux', '--topic', ''), []);
  t.same(await offered('buy', ''), []);
});

t.test('options of the command that are not given yet are offered', async (t) => {
  const ofStatus = await offered('status', '--');
  t.ok(ofStatus.includes('--watch'));
  t.notOk(ofStatus.includes('--w'), 'a short name has one dash');
  t.notOk((await offered('status', '-w', '--')).includes('--watch'), 'it is given by its alias');
  t.ok((await offered('status', '--address', 'h:1', '--')).includes('--address'), 'again');
  t.same(await offered('up', '--no-'), ['--no-restart', '--no-reuse-port']);
  t.notOk((await offered('up', '--r')).includes('--restart'), 'it is on by itself');
  t.same(await offered('frontend', '--rest'), [], 'of other kinds of services');
});

t.test('the script of an earlier build still completes', async (t) => {
  const dataDir = dataFolder(t);
  const before = ['--get-yargs-completions', 'bazar'];
  t.match(await run([...before, 'ki']), { code: 0, stdout: 'kill\n' });
  t.match(await run([...before, 'kill', '--data-dir', dataDir, 'o']), { stdout: 'order-1\n' });
  t.match(await run([...before, 'backup', '']), { stdout: '' });
});

t.test('zsh and fish get each word with its description', async (t) => {
  t.equal((await run(['--completions=zsh', 'dow'])).stdout, 'down:Stop the store\n');
  t.equal((await run(['--completions=fish', 'dow'])).stdout, 'down\tStop the store\n');
});

t.test('there is a script for bash, zsh and fish', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    t.match(await run(['completion', shell]), { code: 0, stdout: `--completions=${shell}` });
    const own = await run(['completion'], { SHELL: `/usr/bin/${shell}` });
    t.match(own, { code: 0, stdout: `--completions=${shell}` }, 'that of the login shell');
  }
  t.match(await run(['completion'], { SHELL: '/bin/sh' }), { stdout: '--completions=bash' });
  t.match(await run(['completion', 'tcsh']), { code: 2, stderr: /bash, zsh, fish/ });
});
