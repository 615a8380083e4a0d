/**
 * A disk fills up under one replica: it ends and reports which file and why, the group continues, and
 * with space again the replica returns. Uses a small tmpfs, which only root may mount.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Placed, Product } from '../test/e2e/raw-client.js';
import { until } from '../test/e2e/until.js';
import { reckon } from './books.js';
import { CustomerConnection } from './customer-connection.js';
import { Fleet, healsWithinMs } from './fleet.js';
import { cents, Recorder } from './recorder.js';
import { mountDisk, unmountDisk } from './small-disk.js';

const size = { catalogs: 1, orders: 3, recovery: 0, frontends: 1 };
const victim = 'order-3';
/** Space for two segments of 16 MiB but not a third; then a disk with space. */
const disk = { small: '40m', large: '400m' };
/** Orders of the greatest length: a segment is full after some hundred. */
const linesCount = 100;
const nameLength = 190;
const buyersCount = 8;
const patienceMs = 7_000;
const retryMs = 50;
const purchases = 20;
const timeoutMs = 230_000;

/** `leaving`: finish current operations; `gone`: stop waiting. */
type Mood = 'buying' | 'leaving' | 'gone';

function products(): Product[] {
  return Array.from({ length: linesCount }, (_, i) => ({
    ...{ id: i + 1, name: `${i} `.padEnd(nameLength, 'x'), topic: 'long', price: 1, version: 1 },
    quantity: 1_000_000,
  }));
}

t.test('a replica with a full disk reports it and ends; with space again it returns', async (t) => {
  t.setTimeout(timeoutMs);
  const folder = mkdtempSync(join(tmpdir(), 'bazar-full-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const place = join(folder, 'data', victim);
  mkdirSync(place, { recursive: true });
  const refused = mountDisk(place, `size=${disk.small}`);
  if (refused !== undefined) {
    t.pass('a small disk', { skip: `none can be mounted here: ${refused}` });
    return;
  }
  t.teardown(() => unmountDisk(place));

  const ends: { name: string; how: string; lastLine: string }[] = [];
  const recorder = new Recorder(products(), () => t.name);
  const fleet = new Fleet({
    ...{ folder, size, portOffset: 3166, products: recorder.first },
    died: (name, how, logTail) => {
      ends.push({ name, how, lastLine: logTail.split('\n').at(-1) ?? '' });
    },
  });
  t.teardown(() => fleet.close());
  await fleet.found();
  t.same(ends, []);

  let mood: Mood = 'buying';
  t.teardown(() => {
    mood = 'gone';
  });
  const buyers = Array.from({ length: buyersCount }, (_, i) => {
    return buy(fleet, recorder, `customer-${i}`, () => mood);
  });
  const sells = (): Promise<boolean> => {
    const count = recorder.sold.size + purchases;
    return until('purchases go on', () => recorder.sold.size >= count, healsWithinMs);
  };
  const saysWhy = (times: number): void => {
    const [end] = ends.slice(times - 1);
    t.equal(ends.length, times);
    t.match(end, { name: victim, how: 'exit code 1' });
    t.match(
      end?.lastLine ?? '',
      /cannot write \S+\/order-3\/journal\/\S+: no space left on device \(ENOSPC\)/,
    );
  };

  await until('the disk is full', () => ends.length > 0, healsWithinMs);
  saysWhy(1);
  await sells();
  fleet.service(victim).start();
  await until('it is still full', () => ends.length > 1, healsWithinMs);
  saysWhy(2);
  t.equal(mountDisk(place, `remount,size=${disk.large}`), undefined);
  fleet.service(victim).start();
  const back = async () => (await fleet.status()).find(({ name }) => name === victim);
  await until(`${victim} is back`, async () => (await back())?.role === 'follower', healsWithinMs);
  await sells();

  mood = 'leaving';
  await Promise.all(buyers);
  const { problems } = await reckon(fleet, recorder);
  t.same([...recorder.wrong, ...problems], []);
  t.equal(ends.length, 2, 'nobody else ended');
});

/** Buys one of each product repeatedly; repeats each purchase until it is decided. */
async function buy(
  fleet: Fleet,
  recorder: Recorder,
  process: string,
  mood: () => Mood,
): Promise<void> {
  const connection = new CustomerConnection(
    fleet.frontends.map((name) => fleet.rawPort(name)),
    0,
    patienceMs,
  );
  const lines = recorder.first.map(({ id }) => ({ id, quantity: 1 }));
  while (mood() === 'buying') {
    const key = randomUUID();
    const invokedMs = recorder.nowMs();
    while (mood() !== 'gone') {
      const answer = await connection.ask<Placed>('buy', { lines, key });
      if (!answer || answer.error) {
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        continue;
      }
      const { order_number: sold, total } = answer.result;
      const result = { sold, totalCents: cents(total) };
      const returnedMs = recorder.nowMs();
      recorder.decided({
        purchase: {
          ...{ kind: 'purchase', process, invokedMs, returnedMs, ending: 'ok', key, lines },
          result,
        },
        params: { lines, key },
      });
      break;
    }
  }
  connection.leave();
}
