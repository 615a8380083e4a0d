import t from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import { retry } from '../../../src/frontend/requests/retry.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unavailable = new BazarError('unavailable', 'no leader');
const lost = new BazarError('unavailable', 'the connection closed', { details: { unknown: true } });

/** Fails each attempt with this; a deadline after one second. */
function begin(error: BazarError, deadlineMs = 1_000) {
  const clock = new ManualClock();
  const timeouts: number[] = [];
  const options = { clock, deadlineMs, idempotent: true, mayHaveEffect: true, attemptMaxMs: 400 };
  const result = retry(options, async (timeoutMs) => {
    timeouts.push(timeoutMs);
    throw error;
  });
  result.catch(() => {});
  return { clock, timeouts, result };
}

t.test('a failure is retried after a pause, while there is time', async (t) => {
  const { clock, timeouts, result } = begin(unavailable);
  for (let i = 0; i < 200; i++) {
    await turn();
    clock.advance(10);
  }
  await t.rejects(result, { code: 'unavailable' });
  t.ok(timeouts.length > 3);
  t.ok(timeouts.every((ms) => ms > 0 && ms <= 400));
});

t.test('no attempt starts after the deadline, even after a long pause', async (t) => {
  const { clock, timeouts, result } = begin(unavailable);
  await turn();
  clock.advance(125_000);
  await t.rejects(result, { code: 'unavailable', message: 'no leader' });
  t.same(timeouts, [400]);
});

t.test('an attempt that may have had an effect leaves the outcome unknown', async (t) => {
  const { clock, timeouts, result } = begin(lost);
  await turn();
  clock.advance(125_000);
  const error: BazarError = await result.catch((thrown) => thrown);
  t.equal(error.code, 'deadline_exceeded');
  t.not(error.details.unknown, false);
  t.same(timeouts, [400]);
});

t.test('no attempt starts after the deadline by the wall clock either', async (t) => {
  const { clock, timeouts, result } = begin(lost);
  await turn();
  clock.moveWall(86_400_000);
  clock.advance(5);
  await t.rejects(result, { code: 'deadline_exceeded' });
  t.same(timeouts, [400], 'the machine was suspended in the pause');
});

t.test('setting the wall clock back gives no more time', async (t) => {
  const { clock, timeouts, result } = begin(unavailable);
  await turn();
  clock.moveWall(-86_400_000);
  clock.advance(1_000);
  await t.rejects(result, { code: 'unavailable' });
  t.same(timeouts, [400]);
});

t.test(
  'an operation that is too late for its first attempt did nothing, and says so',
  async (t) => {
    for (const deadlineMs of [0, -125_000]) {
      const { timeouts, result } = begin(unavailable, deadlineMs);
      await t.rejects(result, { code: 'deadline_exceeded', details: { unknown: false } });
      t.same(timeouts, []);
    }
  },
);

t.test('an attempt that was never sent leaves no unknown outcome', async (t) => {
  const details = { unknown: false };
  const { clock, result } = begin(new BazarError('deadline_exceeded', 'no time left', { details }));
  await turn();
  clock.advance(1_000);
  await t.rejects(result, { message: 'no time left', details });
});

t.test('a failure that no attempt can change is returned at once', async (t) => {
  let attempts = 0;
  const isFinal = (error: BazarError): boolean => error === unavailable;
  const options = {
    clock: new ManualClock(),
    deadlineMs: 1_000,
    idempotent: true,
    mayHaveEffect: true,
  };
  const result = retry({ ...options, attemptMaxMs: 400, isFinal }, async () => {
    attempts += 1;
    throw unavailable;
  });
  await t.rejects(result, { code: 'unavailable', message: 'no leader' });
  t.equal(attempts, 1);
});
