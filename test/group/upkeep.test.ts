import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { Upkeep, type Work } from '../../src/group/upkeep.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { DiskError } from '../../src/storage/disk-error.js';
import { ManualClock } from '../helpers/manual-clock.js';

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

function setUp(work: Work) {
  const clock = new ManualClock();
  const upkeep = new Upkeep({
    ...{ name: 'work', everyMs: 1_000, clock, logger: silentLogger },
    look: () => work,
  });
  const failures: string[] = [];
  void upkeep.failed.then((error) => failures.push(error.message));
  upkeep.start();
  return { clock, upkeep, failures };
}

t.test('one piece of work runs at a time', async (t) => {
  let begun = 0;
  let end: () => void = () => {};
  const { clock, upkeep } = setUp(() => {
    begun++;
    return new Promise((resolve) => {
      end = resolve;
    });
  });
  for (let round = 0; round < 3; round++) clock.advance(1_000);
  t.equal(begun, 1);
  let stopped = false;
  const stopping = upkeep.stop().then(() => {
    stopped = true;
  });
  await settle();
  t.equal(stopped, false, 'a stop waits for it');
  end();
  await stopping;
  clock.advance(5_000);
  t.equal(begun, 1);
});

t.test('a stop abandons the work in progress without an error', async (t) => {
  const { clock, upkeep, failures } = setUp(
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new DiskError('write', '/file', 'ENOENT', 'given up'));
        });
      }),
  );
  clock.advance(1_000);
  await upkeep.stop();
  await settle();
  t.same(failures, []);
});

t.test('a disk failure or corruption ends the member', async (t) => {
  const ends = [
    new DiskError('write', '/file', 'ENOSPC', 'no space left on device'),
    new CorruptionError('/file', 0, 'batch', 'damaged'),
    new BazarError('internal', 'cannot write /file', { details: { file: '/file' } }),
  ];
  for (const error of ends) {
    const { clock, failures } = setUp(() => Promise.reject(error));
    clock.advance(1_000);
    await settle();
    t.strictSame(failures, [error.message]);
  }
});

t.test('after another failure it retries later', async (t) => {
  let tries = 0;
  const { clock, failures } = setUp(() => {
    tries++;
    return Promise.reject(new BazarError('internal', 'the job crashed'));
  });
  for (let second = 0; second < 60; second++) {
    clock.advance(1_000);
    await settle();
  }
  t.equal(tries, 1);
  clock.advance(1_000);
  await settle();
  t.equal(tries, 2);
  t.strictSame(failures, []);
});
