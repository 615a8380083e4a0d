/**
 * The order leader, then the catalog leader, is cut off from its peers alone, as real processes:
 * frontends and the other group go on reaching it. Another one leads and sells within the bound
 * (docs/PROTOCOL.md, I12); nothing acknowledged is lost.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../e2e/seeded.js';
import { reckon } from './books.js';
import { sendCrowd, stock } from './crowd.js';
import { Fleet } from './fleet.js';
import { GroupWatch } from './group-watch.js';
import type { Cutting, Isolation } from './network.js';
import { OutageWatch } from './outage-watch.js';
import { outages } from './outages.js';
import { Recorder } from './recorder.js';

const size = { catalogs: 2, orders: 3, recovery: 1, frontends: 2 };
const customers = 12;
const timeoutMs = 300_000;
const none = { lost: 0, doubled: 0 };
const ways: readonly (readonly [Isolation, Cutting])[] = [
  ['both', 'reset'],
  ['both', 'hold'],
  ['mute', 'hold'],
  ['deaf', 'hold'],
];

t.test('a leader that is cut off from its peers alone is replaced', async (t) => {
  t.setTimeout(timeoutMs);
  const folder = mkdtempSync(join(tmpdir(), 'bazar-secluded-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const recorder = new Recorder(stock(), () => t.name);
  const fleet = new Fleet({
    ...{ folder, size, portOffset: 3761, products: recorder.first },
    died: (name, how, logTail) => recorder.problem(`${name} ended (${how}): ${logTail}`),
  });
  t.teardown(() => fleet.close());
  await fleet.found();
  const crowd = sendCrowd(fleet, recorder, chosenSeed(), customers);
  t.teardown(() => crowd.abandon());
  const watch = new OutageWatch(fleet, recorder);
  watch.start();
  t.teardown(() => watch.stop());

  for (const name of ['order', 'catalog'] as const) {
    const group = new GroupWatch(fleet, name, recorder);
    for (const [isolation, cutting] of ways) {
      await t.test(`of the ${name} group, ${isolation} ways, lines ${cutting}`, async (t) => {
        await group.sells();
        const leader = await group.leader();
        const peers = fleet.voters(name).filter((other) => other !== leader);
        const beganMs = recorder.nowMs();
        const heal = fleet.network.part([leader], peers, isolation, cutting);
        await group.isLedByAnother(leader);
        await group.sells();
        const blow = { what: leader, beganMs, endedMs: recorder.nowMs() };
        const [outage] = outages([blow], recorder.soldAtMs);
        t.comment(`sells again after ${outage?.maxMs.toFixed(0)} ms`);
        heal();
        await group.isBack(leader);
        t.same(recorder.wrong, []);
      });
    }
  }

  watch.stop();
  await crowd.leave();
  const { lost, doubled, problems } = await reckon(fleet, recorder);
  t.same({ lost, doubled, problems: [...recorder.wrong, ...problems] }, { ...none, problems: [] });
});
