/**
 * A scenario for tests with real processes: the order leader, then the catalog leader, loses some of its
 * connections, in each way in which connections are cut. Another member must lead and sell. The test
 * chooses the connections. No acknowledged order is lost, and no outage exceeds its limit
 * (docs/PROTOCOL.md, I12).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { chosenSeed } from '../test/e2e/seeded.js';
import { reckon } from './books.js';
import { startClients, stock } from './clients.js';
import { Fleet, type FleetOptions } from './fleet.js';
import { GroupWatch } from './group-watch.js';
import type { Cutting, Isolation } from './network.js';
import { OutageWatch } from './outage-watch.js';
import { outages } from './outages.js';
import { Recorder } from './recorder.js';

const customers = 12;
const timeoutMs = 300_000;
const none = { lost: 0, doubled: 0 };
const ways: readonly (readonly [Isolation, Cutting])[] = [
  ['both', 'reset'],
  ['both', 'hold'],
  ['mute', 'hold'],
  ['deaf', 'hold'],
];

export interface CutLeaders {
  readonly size: FleetOptions['size'];
  readonly portOffset: number;
  /** The processes that lose their connections to the leader of this group. */
  readonly losesLinesTo: (fleet: Fleet, group: 'order' | 'catalog') => readonly string[];
}

export async function replacesCutLeaders(t: Test, options: CutLeaders): Promise<void> {
  t.setTimeout(timeoutMs);
  const folder = mkdtempSync(join(tmpdir(), 'bazar-cut-leaders-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const recorder = new Recorder(stock(), () => t.name);
  const { size, portOffset, losesLinesTo } = options;
  const fleet = new Fleet({
    ...{ folder, size, portOffset, products: recorder.first },
    died: (name, how, logTail) => recorder.problem(`${name} ended (${how}): ${logTail}`),
  });
  t.teardown(() => fleet.close());
  await fleet.found();
  const clients = startClients(fleet, recorder, chosenSeed(), customers);
  t.teardown(() => clients.abandon());
  const watch = new OutageWatch(fleet, recorder);
  watch.start();
  t.teardown(() => watch.stop());

  for (const name of ['order', 'catalog'] as const) {
    const group = new GroupWatch(fleet, name, recorder);
    for (const [isolation, cutting] of ways) {
      await t.test(`of the ${name} group, ${isolation} ways, lines ${cutting}`, async (t) => {
        await group.sells();
        const leader = await group.leader();
        const others = losesLinesTo(fleet, name).filter((other) => other !== leader);
        const beganMs = recorder.nowMs();
        const heal = fleet.network.part([leader], others, isolation, cutting);
        await group.isLedByAnother(leader);
        await group.sells();
        const injection = { what: leader, beganMs, endedMs: recorder.nowMs() };
        const [outage] = outages([injection], recorder.soldAtMs);
        t.comment(`sells again after ${outage?.maxMs.toFixed(0)} ms`);
        heal();
        await group.isBack(leader);
        t.same(recorder.wrong, []);
      });
    }
  }

  watch.stop();
  await clients.leave();
  const { lost, doubled, problems } = await reckon(fleet, recorder);
  t.same({ lost, doubled, problems: [...recorder.wrong, ...problems] }, { ...none, problems: [] });
}
