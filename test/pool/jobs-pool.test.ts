import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { JobsPool } from '../../src/pool/jobs-pool.js';
import { heldClock, programUrl } from './harness.js';

const jobs = programUrl('jobs');

function start(t: Test, threadsMax = 1, clock: Clock = systemClock): JobsPool {
  const pool = new JobsPool({ clock, logger: silentLogger, threadsMax });
  t.teardown(() => pool.close());
  return pool;
}

/** A job that runs until `release`; `running` resolves when it has begun. */
function heldJob(pool: JobsPool, signal?: AbortSignal) {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const channel = randomUUID();
  const line = new BroadcastChannel(channel);
  const running = new Promise<void>((resolve) => {
    line.onmessage = () => {
      line.close();
      resolve();
    };
  });
  const result = pool.run(jobs, 'hold', { word, channel }, signal ? { signal } : {});
  return {
    result,
    running,
    release() {
      Atomics.store(word, 0, 1);
      Atomics.notify(word, 0);
    },
  };
}

t.test('a job runs in its own thread and returns its result', async (t) => {
  const pool = start(t);
  t.equal(pool.threads, 0, 'no thread before the first job');
  t.equal(await pool.run(jobs, 'add', [2, 3]), 5);
  t.not(await pool.run(jobs, 'whichThread', null), 0);
  t.equal(pool.threads, 1);
});

t.test('an expected failure keeps its code and details', async (t) => {
  const failure = await start(t)
    .run(jobs, 'refuse', null)
    .catch((error) => error);
  t.ok(failure instanceof BazarError);
  t.match(failure, { code: 'conflict', message: 'somebody was faster', details: { seq: 7 } });
});

t.test('a module without the job’s function is refused', async (t) => {
  const pool = start(t);
  await t.rejects(pool.run(jobs, 'nothing', null), { code: 'internal' });
  await t.rejects(pool.run(programUrl('absent'), 'add', null), { code: 'internal' });
});

for (const name of ['crash', 'fail']) {
  t.test(`a job's ${name} rejects its promise alone; the next in the queue runs`, async (t) => {
    const pool = start(t);
    const crashed = pool.run(jobs, name, null);
    const next = pool.run(jobs, 'add', [1, 1]);
    await t.rejects(crashed, { code: 'internal' });
    t.equal(await next, 2);
  });
}

t.test('a late failure of a finished job is logged and affects no other job', async (t) => {
  let logged: (message: string) => void = () => {};
  const warning = new Promise<string>((resolve) => {
    logged = resolve;
  });
  const logger = { ...silentLogger, warn: (_fields: unknown, text: string) => logged(text) };
  const pool = new JobsPool({ clock: systemClock, logger });
  t.teardown(() => pool.close());
  const channel = randomUUID();
  t.equal(await pool.run(jobs, 'crashLater', channel), 'answered before');
  const line = new BroadcastChannel(channel);
  line.postMessage('now');
  t.match(await warning, /between two jobs/);
  line.close();
  t.equal(await pool.run(jobs, 'add', [1, 1]), 2);
});

t.test('jobs start in their order of arrival, as many at once as threads', async (t) => {
  const pool = start(t, 2);
  const [first, second] = [heldJob(pool), heldJob(pool)];
  await Promise.all([first.running, second.running]);
  const done: string[] = [];
  const third = pool.run(jobs, 'add', [0, 3]).then(() => done.push('third'));
  const fourth = pool.run(jobs, 'add', [0, 4]).then(() => done.push('fourth'));
  t.equal(pool.jobs, 4);
  first.release();
  await Promise.all([first.result, third, fourth]);
  t.same(done, ['third', 'fourth']);
  second.release();
  t.equal(await second.result, 'done');
});

t.test('an abort removes a job from the queue, or ends its thread', async (t) => {
  const pool = start(t);
  const running = new AbortController();
  const waiting = new AbortController();
  const held = heldJob(pool, running.signal);
  await held.running;
  const queued = pool.run(jobs, 'add', [1, 2], { signal: waiting.signal });
  waiting.abort();
  await t.rejects(queued, { code: 'unavailable' });
  t.equal(pool.jobs, 1);
  running.abort();
  await t.rejects(held.result, { code: 'unavailable' });
  t.equal(await pool.run(jobs, 'add', [1, 2]), 3);
  await t.rejects(pool.run(jobs, 'add', [1, 2], { signal: waiting.signal }), {
    code: 'unavailable',
  });
});

t.test('one waiting job above the limit is overloaded', async (t) => {
  const pool = start(t);
  const held = heldJob(pool);
  await held.running;
  const waiting = Array.from({ length: 64 }, () => pool.run(jobs, 'add', [1, 1]));
  await t.rejects(pool.run(jobs, 'add', [1, 1]), { code: 'overloaded' });
  held.release();
  t.same(await Promise.all(waiting), Array(64).fill(2));
});

t.test('close lets the running job finish and rejects the waiting ones', async (t) => {
  const pool = start(t);
  const held = heldJob(pool);
  await held.running;
  const waiting = pool.run(jobs, 'add', [1, 1]);
  const closed = pool.close();
  await t.rejects(waiting, { code: 'unavailable' });
  await t.rejects(pool.run(jobs, 'add', [1, 1]), { code: 'unavailable' });
  held.release();
  t.equal(await held.result, 'done');
  await closed;
  t.equal(pool.threads, 0);
});

t.test('close ends a job that does not finish in time', async (t) => {
  const clock = heldClock();
  const pool = start(t, 1, clock);
  const held = heldJob(pool);
  await held.running;
  const closed = pool.close();
  clock.release();
  await t.rejects(held.result, { code: 'internal' });
  await closed;
});
