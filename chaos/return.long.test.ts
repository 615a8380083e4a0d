/**
 * A replica returns after an absence, as a real process: with a torn tail, with entries that the others
 * never had, with a part of the log missing, or with nothing. The group sells meanwhile, and in the end
 * all are equal.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../test/e2e/seeded.js';
import { until } from '../test/e2e/until.js';
import { reckon } from './books.js';
import { startClients, stock } from './clients.js';
import { Fleet, healsWithinMs } from './fleet.js';
import { GroupWatch } from './group-watch.js';
import { Recorder } from './recorder.js';
import { tearTail } from './torn-tail.js';

const size = { catalogs: 1, orders: 3, recovery: 0, frontends: 1 };
const customers = 6;
const timeoutMs = 230_000;

t.test('a replica that was away returns, and the group sells meanwhile', async (t) => {
  t.setTimeout(timeoutMs);
  const folder = mkdtempSync(join(tmpdir(), 'bazar-return-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const recorder = new Recorder(stock(), () => t.name);
  const fleet = new Fleet({
    ...{ folder, size, portOffset: 3531, products: recorder.first },
    died: (name, how, logTail) => recorder.problem(`${name} ended (${how}): ${logTail}`),
  });
  t.teardown(() => fleet.close());
  await fleet.found();
  const clients = startClients(fleet, recorder, chosenSeed(), customers);
  t.teardown(() => clients.abandon());

  const group = new GroupWatch(fleet, 'order', recorder);
  const followers = async (): Promise<[string, string]> => {
    const first = await group.leader();
    const [one = '', two = ''] = fleet.members.filter((name) => {
      return name.startsWith('order') && name !== first;
    });
    return [one, two];
  };

  await t.test('with a torn tail, which it drops', async (t) => {
    await group.sells();
    const [name] = await followers();
    await fleet.service(name).kill();
    t.ok((await tearTail(join(fleet.dataDir, name, 'journal'))) > 0);
    await group.sells();
    fleet.service(name).start();
    await group.isBack(name);
  });

  await t.test('with entries that only it has, which it drops', async (t) => {
    const name = await group.leader();
    const others = (await followers()) as readonly string[];
    const heal = fleet.network.part([name], others, 'both', 'hold');
    const tail = await until(
      `${name} has what nobody else has`,
      async () => {
        const one = await group.member(name);
        return one && one.log_end > one.commit && one;
      },
      healsWithinMs,
    );
    await fleet.service(name).kill();
    heal();
    await group.sells();
    const end = Math.max(...(await group.members()).map(({ commit }) => commit));
    t.ok(end >= tail.log_end, 'its places in the log are taken by others');
    fleet.service(name).start();
    await group.isBack(name);
  });

  await t.test('without the sales made meanwhile, which it fetches', async (t) => {
    const [, name] = await followers();
    await fleet.service(name).kill();
    await group.sells();
    fleet.service(name).start();
    await group.isBack(name);
    t.pass();
  });

  await t.test('with an empty folder: its vote counts only after it has caught up', async (t) => {
    const [wiped, other] = await followers();
    await Promise.all([wiped, other].map((name) => fleet.service(name).kill()));
    fleet.service(wiped).wipe();
    fleet.service(wiped).start();
    await until(
      `${wiped} is there`,
      async () => (await group.member(wiped))?.role === 'learner',
      healsWithinMs,
    );
    const { size: sold } = recorder.sold;
    const lost = recorder.attemptsLost;
    const tried = () => recorder.attemptsLost >= lost + customers;
    await until('every customer has tried in vain', tried, healsWithinMs);
    t.equal((await group.member(wiped))?.role, 'learner');
    t.equal(recorder.sold.size, sold, 'nothing is sold by the vote of a learner');
    fleet.service(other).start();
    await group.sells();
    await group.isBack(wiped);
    await fleet.service(other).kill();
    await group.sells();
    t.pass('its vote counts');
    fleet.service(other).start();
    await group.isBack(other);
  });

  await clients.leave();
  const { problems } = await reckon(fleet, recorder);
  t.same([...recorder.wrong, ...problems], []);
});
