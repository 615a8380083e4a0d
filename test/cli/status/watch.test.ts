/** Watching on a terminal: the whole screen, drawn again and again, and given back at the end. */
import { EventEmitter } from 'node:events';
import t, { type Test } from 'tap';
import { formatAddress } from '../../../src/base/address.js';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import type { Io } from '../../../src/cli/output/io.js';
import { describeStatus } from '../../../src/cli/status/status-view.js';
import type { StoreStatus } from '../../../src/frontend/types.js';
import { tcpTransport } from '../../../src/net/tcp-transport.js';
import { FakeFrontend } from '../../client/fake-frontend.js';
import { fakeIo } from '../fake-io.js';

const enter = '\x1b[?1049h';
const leave = '\x1b[?1049l';

function store(commit: number, hits: number): StoreStatus {
  const metrics = { epoch: 3, log_end: commit, commit, pid: 42 };
  return {
    members: [{ ...metrics, name: 'order-1', group: 'order', kind: 'replica', role: 'leader' }],
    frontends: [
      { name: 'frontend-1', pid: 43, cache: { hits, misses: 10 }, lease: { held: true } },
    ],
  };
}

class Keyboard extends EventEmitter {
  readonly isTTY = true;
  raw: boolean | undefined;

  setRawMode(mode: boolean): void {
    this.raw = mode;
  }

  resume(): void {}

  pause(): void {}
}

async function watch(t: Test, drawn: (screen: string, keyboard: Keyboard) => void) {
  let looks = 0;
  const frontend = new FakeFrontend({
    status: () => {
      looks++;
      return store(looks * 500, looks * 90);
    },
  });
  await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
  t.teardown(() => frontend.close());
  const keyboard = new Keyboard();
  const screen: string[] = [];
  const io: Io = {
    ...fakeIo(),
    terminal: true,
    size: () => ({ columns: 80, rows: 9 }),
    stdin: keyboard as unknown as Io['stdin'],
    out(text) {
      screen.push(text);
      drawn(text, keyboard);
    },
  };
  const args = ['status', '--watch', '--address', formatAddress(frontend.address)];
  const code = await runCli(args, allCommands(), io);
  return { code, keyboard, screen: screen.join('') };
}

t.test('the screen is drawn until q is typed, and the terminal is restored', async (t) => {
  const { code, keyboard, screen } = await watch(t, (text, keyboard) => {
    if (text.includes('\x1b[H')) keyboard.emit('data', Buffer.from('q'));
  });
  t.equal(code, 0);
  t.ok(screen.startsWith(enter), 'it begins on a screen of its own');
  t.ok(screen.endsWith(leave), 'and ends on the old one');
  t.match(screen, /order-1 +order +replica +leader/);
  t.equal(keyboard.raw, false, 'keys are typed as before');
  t.equal(keyboard.listenerCount('data'), 0);
});

t.test('no more lines are drawn than there are rows', async (t) => {
  const { screen } = await watch(t, (text, keyboard) => {
    if (text.includes('order-1')) keyboard.emit('data', '\x03');
  });
  const last = screen.slice(screen.lastIndexOf('\x1b[H'));
  t.ok(last.split('\r\n').length <= 9);
});

t.test('rates are those between two updates', async (t) => {
  const io = { color: false };
  const [before, now] = [
    { store: store(500, 90), atMs: 1_000 },
    { store: store(1_500, 180), atMs: 3_000 },
  ];
  const text = await describeStatus(io, now, before);
  t.match(text, /ENTRIES\/s/);
  t.match(text, /order-1 .* 42 +500\n/);
  t.match(text, /frontend-1 +up +43 +45 +100\.0 %/);
  t.notMatch(await describeStatus(io, now), /ENTRIES/);
});

t.test('a table that is wider than the screen omits redundant columns', async (t) => {
  const io = { color: false };
  const now = { store: store(123_456_789, 90_000_000), atMs: 1_000 };
  for (const columns of [120, 100, 80, 60]) {
    const text = await describeStatus(io, now, now, columns);
    const width = Math.max(...text.split('\n').map((line) => line.length));
    t.ok(width <= columns, `fits ${columns} columns`);
    for (const title of ['NAME', 'ROLE', 'COMMIT', 'LAG', 'PID', 'ENTRIES/s', 'LEASE']) {
      t.match(text, title);
    }
  }
  t.match(await describeStatus(io, now, now, 120), /KIND .*LOG END .*COMMIT/);
  const narrow = await describeStatus(io, now, now, 80);
  t.notMatch(narrow, /KIND/);
  t.match(narrow, /order-1 +order +leader/);
});
