/** Restarts and their backoff, with processes that are promises and a clock that stands still. */
import t from 'tap';
import { PidFiles } from '../../../src/cli/launcher/pid-files.js';
import type { ServiceProcess } from '../../../src/cli/launcher/service-process.js';
import { Supervisor } from '../../../src/cli/launcher/supervisor.js';
import { ManualClock } from '../../helpers/manual-clock.js';

class FakeProcess implements ServiceProcess {
  readonly pid: number;
  readonly ended: Promise<string>;
  ready: Promise<void> = Promise.resolve();
  die: (how: string) => void = () => {};
  failed: ReturnType<ServiceProcess['failure']>;

  constructor(pid: number) {
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      this.die = resolve;
    });
  }

  failure(): ReturnType<ServiceProcess['failure']> {
    return this.failed;
  }

  async stop(): Promise<void> {
    this.die('SIGTERM');
    await this.ended;
  }

  async kill(): Promise<void> {
    this.die('SIGKILL');
    await this.ended;
  }
}

const allNeeded = (): string => 'each of them is needed';

function stage(dataDir: string, restart: boolean, whyShut: () => string | undefined = allNeeded) {
  const clock = new ManualClock();
  const spawned: FakeProcess[] = [];
  const lines: string[] = [];
  const warnings: string[] = [];
  const nextReady: Promise<void>[] = [];
  const pids = new PidFiles(dataDir);
  const spawn = (): FakeProcess => {
    const process = new FakeProcess(1_000_000 + spawned.length);
    process.ready = nextReady.shift() ?? process.ready;
    spawned.push(process);
    return process;
  };
  const supervisor = new Supervisor({
    services: [{ name: 'order-1', stage: 0, spawn }],
    whyShut,
    restart,
    clock,
    pids,
    report: (line, level) => (level === 'warn' ? warnings : lines).push(line),
  });
  const last = (): FakeProcess => {
    const process = spawned.at(-1);
    if (!process) throw new Error('nothing was spawned');
    return process;
  };
  return { clock, spawned, lines, warnings, pids, supervisor, last, nextReady };
}

/** Lets what was promised happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

t.test('a dead service is restarted, each time after twice the delay', async (t) => {
  const { clock, spawned, supervisor, last } = stage(t.testdir(), true);
  await supervisor.start();
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    const before = spawned.length;
    last().die('SIGSEGV');
    await settle();
    clock.advance(waitMs - 1);
    t.equal(spawned.length, before, `not before ${waitMs} ms`);
    clock.advance(1);
    t.equal(spawned.length, before + 1, `after ${waitMs} ms`);
  }
});

t.test('a service that ran well restarts after the first delay', async (t) => {
  const { clock, spawned, supervisor, last } = stage(t.testdir(), true);
  await supervisor.start();
  last().die('SIGSEGV');
  await settle();
  clock.advance(1_000);
  clock.advance(30_000);
  last().die('SIGSEGV');
  await settle();
  clock.advance(1_000);
  t.equal(spawned.length, 3);
});

t.test('without restarts a dead service stays down, and a warning says what to do', async (t) => {
  const { clock, spawned, warnings, supervisor, last } = stage(t.testdir(), false);
  await supervisor.start();
  last().die('SIGKILL');
  await settle();
  clock.advance(60_000);
  t.equal(spawned.length, 1);
  t.match(warnings, [/^order-1 died \(SIGKILL\); bazar start order-1 restarts it$/]);
});

t.test('a service with a permanent failure waits for an operator', async (t) => {
  const { clock, spawned, warnings, supervisor, last } = stage(t.testdir(), true);
  await supervisor.start();
  const line = 'order-1: x.seg is corrupt at offset 9: …';
  last().failed = { code: 'corruption', reason: 'x.seg is corrupt at offset 9: …', line };
  last().die('exit code 1');
  await settle();
  clock.advance(600_000);
  t.equal(spawned.length, 1, 'it is not started again and again');
  t.same(warnings, [line, 'order-1 stays down until bazar start order-1']);
  await supervisor.startOne('order-1');
  t.equal(spawned.length, 2);
});

t.test('the store opens without a service that it does not need, and restarts it', async (t) => {
  const { clock, spawned, warnings, supervisor, nextReady } = stage(
    t.testdir(),
    true,
    () => undefined,
  );
  nextReady.push(Promise.reject(new Error('order-1 cannot listen on …')));
  const started = supervisor.start();
  spawned[0]?.die('exit code 1');
  await started;
  t.same(warnings, ['order-1 cannot listen on …']);
  clock.advance(1_000);
  t.equal(spawned.length, 2);
});

t.test('a start that fails names each service that failed, and what is missing', async (t) => {
  const { supervisor, nextReady } = stage(t.testdir(), true);
  nextReady.push(Promise.reject(new Error('order-1 cannot listen on …')));
  await t.rejects(supervisor.start(), {
    message: 'order-1 cannot listen on …\neach of them is needed',
  });
});

t.test('starting by name does not wait for the backoff, and does not start twice', async (t) => {
  const { clock, spawned, supervisor, last } = stage(t.testdir(), true);
  await supervisor.start();
  last().die('SIGKILL');
  await settle();
  t.same(await supervisor.startOne('order-1'), { pid: 1_000_001, ran: false });
  clock.advance(60_000);
  t.equal(spawned.length, 2);
});

t.test('the pid file follows the process', async (t) => {
  const { clock, pids, supervisor, last } = stage(t.testdir(), true);
  await supervisor.start();
  t.equal(pids.read('order-1'), 1_000_000);
  last().die('SIGKILL');
  await settle();
  t.equal(pids.read('order-1'), undefined);
  clock.advance(1_000);
  t.equal(pids.read('order-1'), 1_000_001);
});

t.test('a restarted service that is not ready in time is killed and started again', async (t) => {
  const { clock, spawned, supervisor, last, nextReady } = stage(t.testdir(), true);
  await supervisor.start();
  last().die('SIGSEGV');
  await settle();
  const late = Promise.reject(new Error('order-1 was not ready within 60 s'));
  late.catch(() => {});
  nextReady.push(late);
  clock.advance(1_000);
  const hanging = last();
  await settle();
  t.equal(await hanging.ended, 'SIGKILL');
  await settle();
  clock.advance(2_000);
  t.equal(spawned.length, 3);
});

t.test('nothing starts after stopping has begun', async (t) => {
  const { clock, spawned, supervisor, last } = stage(t.testdir(), true);
  await supervisor.start();
  last().die('SIGKILL');
  await settle();
  await supervisor.stop();
  clock.advance(60_000);
  t.equal(spawned.length, 1);
  await t.rejects(supervisor.startOne('order-1'), { code: 'unavailable' });
});

t.test('a service that died during the start is restarted when the store is ready', async (t) => {
  const dataDir = t.testdir();
  const clock = new ManualClock();
  const first: FakeProcess[] = [];
  let open = (): void => {};
  const slow = new FakeProcess(2_000_000);
  slow.ready = new Promise((resolve) => {
    open = resolve;
  });
  const supervisor = new Supervisor({
    services: [
      {
        name: 'catalog-1',
        stage: 0,
        spawn: () => {
          const process = new FakeProcess(1_000_000 + first.length);
          first.push(process);
          return process;
        },
      },
      { name: 'order-1', stage: 1, spawn: () => slow },
    ],
    whyShut: allNeeded,
    restart: true,
    clock,
    pids: new PidFiles(dataDir),
    report: () => {},
  });
  const started = supervisor.start();
  await settle();
  first[0]?.die('SIGKILL');
  await settle();
  open();
  await started;
  clock.advance(1_000);
  t.equal(first.length, 2);
});

t.test('a service that becomes ready during a stop restarts no other', async (t) => {
  const clock = new ManualClock();
  const spawned: string[] = [];
  let open = (): void => {};
  const slow = new FakeProcess(1_000_000);
  slow.ready = new Promise((resolve) => {
    open = resolve;
  });
  slow.stop = async () => {
    open();
    await settle();
    slow.die('SIGTERM');
  };
  const spawn = (name: string, process: FakeProcess) => () => {
    spawned.push(name);
    return process;
  };
  const supervisor = new Supervisor({
    services: [
      { name: 'catalog-1', stage: 0, spawn: spawn('catalog-1', slow) },
      { name: 'frontend-1', stage: 1, spawn: spawn('frontend-1', new FakeProcess(1_000_001)) },
    ],
    whyShut: allNeeded,
    restart: true,
    clock,
    pids: new PidFiles(t.testdir()),
    report: () => {},
  });
  const started = supervisor.start();
  await settle();
  await supervisor.stop();
  await started;
  clock.advance(60_000);
  t.same(spawned, ['catalog-1', 'frontend-1'], 'each once');
});
