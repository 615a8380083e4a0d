/**
 * A replica that was away comes back by itself, as a real process: with a torn tail, with entries
 * that the others never had, with a part of the log missing, with nothing. The group sells meanwhile,
 * and in the end all are equal.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../e2e/seeded.js';
import { until } from '../e2e/until.js';
import { reckon } from './books.js';
import { sendCrowd, stock } from './crowd.js';
import { Fleet, healsWithinMs, type MemberStatus } from './fleet.js';
import { Recorder } from './recorder.js';
import { tearTail } from './torn-tail.js';

const size = { catalogs: 1, orders: 3, recovery: 0, frontends: 1 };
const purchases = 25;
const customers = 6;
const timeoutMs = 230_000;

t.test('whoever was away comes back, and the group sells meanwhile', async (t) => {
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
  const crowd = sendCrowd(fleet, recorder, chosenSeed(), customers);
  t.teardown(() => crowd.abandon());

  const members = async (): Promise<readonly MemberStatus[]> => {
    return (await fleet.status()).filter(({ group }) => group === 'order');
  };
  const member = async (name: string) => (await members()).find((one) => one.name === name);
  const leader = (): Promise<string> => {
    const find = async () => (await members()).find(({ role }) => role === 'leader')?.name;
    return until('an order replica leads', find, healsWithinMs);
  };
  const followers = async (): Promise<[string, string]> => {
    const first = await leader();
    const [one = '', two = ''] = fleet.members.filter((name) => {
      return name.startsWith('order') && name !== first;
    });
    return [one, two];
  };
  const sells = (): Promise<boolean> => {
    const count = recorder.sold.size + purchases;
    return until('purchases go on', () => recorder.sold.size >= count, healsWithinMs);
  };
  const isBack = (name: string): Promise<boolean> =>
    until(
      `${name} is back`,
      async () => {
        const [all, one] = [await members(), await member(name)];
        const commit = Math.max(...all.map((other) => other.commit));
        return one?.role === 'follower' && one.commit > 0 && one.commit + purchases > commit;
      },
      healsWithinMs,
    );

  await t.test('with a torn tail, which it drops', async (t) => {
    await sells();
    const [name] = await followers();
    await fleet.service(name).kill();
    t.ok((await tearTail(join(fleet.dataDir, name, 'journal'))) > 0);
    await sells();
    fleet.service(name).start();
    await isBack(name);
  });

  await t.test('with entries of its own, which it gives up', async (t) => {
    const name = await leader();
    const others = (await followers()) as readonly string[];
    const heal = fleet.network.part([name], others, 'both', 'hold');
    const tail = await until(
      `${name} has what nobody else has`,
      async () => {
        const one = await member(name);
        return one && one.log_end > one.commit && one;
      },
      healsWithinMs,
    );
    await fleet.service(name).kill();
    heal();
    await sells();
    const end = Math.max(...(await members()).map(({ commit }) => commit));
    t.ok(end >= tail.log_end, 'its places in the log are taken by others');
    fleet.service(name).start();
    await isBack(name);
  });

  await t.test('without what was sold meanwhile, which it fetches', async (t) => {
    const [, name] = await followers();
    await fleet.service(name).kill();
    await sells();
    fleet.service(name).start();
    await isBack(name);
    t.pass();
  });

  await t.test(
    'with nothing: it does not count until it has caught up, and then it does',
    async (t) => {
      const [wiped, other] = await followers();
      await Promise.all([wiped, other].map((name) => fleet.service(name).kill()));
      fleet.service(wiped).wipe();
      fleet.service(wiped).start();
      await until(
        `${wiped} is there`,
        async () => (await member(wiped))?.role === 'learner',
        healsWithinMs,
      );
      const { size: sold } = recorder.sold;
      const lost = recorder.attemptsLost;
      const tried = () => recorder.attemptsLost >= lost + customers;
      await until('every customer has tried in vain', tried, healsWithinMs);
      t.equal((await member(wiped))?.role, 'learner');
      t.equal(recorder.sold.size, sold, 'nothing is sold by the vote of a learner');
      fleet.service(other).start();
      await sells();
      await isBack(wiped);
      await fleet.service(other).kill();
      await sells();
      t.pass('its vote counts');
      fleet.service(other).start();
      await isBack(other);
    },
  );

  await crowd.leave();
  const { problems } = await reckon(fleet, recorder);
  t.same([...recorder.wrong, ...problems], []);
});
