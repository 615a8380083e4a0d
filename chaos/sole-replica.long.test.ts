/**
 * One order service and one catalog with two recovery servers, as real processes: the replica's folder
 * is deleted while customers buy. The replica returns as a learner, fetches everything from the recovery
 * servers, and sells. No acknowledged order is lost, and the numbers continue without a gap.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../test/e2e/seeded.js';
import { reckon } from './books.js';
import { startClients, stock } from './clients.js';
import { Fleet } from './fleet.js';
import { GroupWatch } from './group-watch.js';
import { Recorder } from './recorder.js';

const size = { catalogs: 1, orders: 1, recovery: 2, frontends: 1 };
const customers = 6;
const timeoutMs = 300_000;
const none = { lost: 0, doubled: 0 };

t.test('a group with one replica recovers everything from its recovery servers', async (t) => {
  t.setTimeout(timeoutMs);
  const folder = mkdtempSync(join(tmpdir(), 'bazar-sole-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const recorder = new Recorder(stock(), () => t.name);
  const fleet = new Fleet({
    ...{ folder, size, portOffset: 3831, products: recorder.first },
    died: (name, how, logTail) => recorder.problem(`${name} ended (${how}): ${logTail}`),
  });
  t.teardown(() => fleet.close());
  await fleet.found();
  const clients = startClients(fleet, recorder, chosenSeed(), customers);
  t.teardown(() => clients.abandon());

  for (const name of ['order-1', 'catalog-1'] as const) {
    await t.test(`${name} loses its folder`, async (t) => {
      const group = new GroupWatch(fleet, name === 'order-1' ? 'order' : 'catalog', recorder);
      await group.sells();
      await fleet.service(name).kill();
      const before = recorder.sold.size;
      fleet.service(name).wipe();
      fleet.service(name).start();
      await group.sells();
      t.equal(await group.leader(), name);
      t.ok(recorder.sold.size > before, 'it sells again; the books show that no number is missing');
      t.same(recorder.wrong, []);
    });
  }

  await t.test('and a recovery server loses its folder', async (t) => {
    const group = new GroupWatch(fleet, 'order', recorder);
    await fleet.service('recovery-2').kill();
    fleet.service('recovery-2').wipe();
    fleet.service('recovery-2').start();
    await group.sells();
    await group.isBack('recovery-2');
    t.same(recorder.wrong, []);
  });

  await clients.leave();
  const { lost, doubled, problems } = await reckon(fleet, recorder);
  t.same({ lost, doubled, problems: [...recorder.wrong, ...problems] }, { ...none, problems: [] });
});
