/** The start time of the store, and the memory of its processes, idle and after load. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fact, Scenario } from '../bench.js';
import { median } from '../measure.js';
import { Picks } from '../picks.js';
import { familyOf, memoryOf } from '../processes.js';
import { LoadSession } from '../session.js';
import type { RunningStore } from '../store.js';
import { lookups, purchases } from '../workloads.js';

/** Time for the effects of a start or a load to settle. */
const settleMs = 2_000;
const startsInAll = 3;
const products = 10;
const shape = { connections: 50, depth: 4 };

export const memoryAndStart: Scenario = {
  name: 'memory-and-start',
  about: 'time to ready, and memory of all processes together, idle and after load',
  async run(bench) {
    const { quick, timing } = bench.settings;
    const starts = quick ? 1 : startsInAll;
    const startsMs: number[] = [];
    const start = async (): Promise<RunningStore> => {
      const store = await bench.store({ products });
      startsMs.push(store.startMs);
      return store;
    };
    for (let round = 1; round < starts; round++) {
      await start();
      await bench.stopAll();
    }
    const store = await start();
    await sleep(quick ? settleMs / 4 : settleMs);
    const idle = memoryFacts(store, 'idle');
    const problems: string[] = [];
    for (const workload of [lookups(Picks.uniform(products)), purchases(Picks.uniform(products))]) {
      const session = await LoadSession.open(store.target, shape, workload);
      const { errors } = await session.run(timing);
      session.close();
      const words = Object.entries(errors).map(([code, count]) => `${count} × ${code}`);
      problems.push(...words);
    }
    await sleep(quick ? settleMs / 4 : settleMs);
    const ready: Fact = { what: 'from start to ready', value: median(startsMs), unit: 'ms' };
    return { rows: [], facts: [ready, ...idle, ...memoryFacts(store, 'after load')], problems };
  },
};

function memoryFacts(store: RunningStore, when: string): Fact[] {
  const names = namesByPid(store.dataDir);
  const facts: Fact[] = [];
  let rssMiB = 0;
  let pssMiB = 0;
  for (const pid of familyOf(store.launcherPid)) {
    const memory = memoryOf(pid);
    if (!memory) continue;
    rssMiB += memory.rssMiB;
    pssMiB += memory.pssMiB;
    const name = names.get(pid) ?? (pid === store.launcherPid ? 'launcher' : `process ${pid}`);
    facts.push({ what: `${name}, RSS ${when}`, value: memory.rssMiB, unit: 'MiB' });
  }
  facts.push({ what: `together, RSS ${when}`, value: rssMiB, unit: 'MiB' });
  facts.push({ what: `together, PSS ${when}`, value: pssMiB, unit: 'MiB' });
  return facts;
}

/** Read from the store's `run/NAME.pid` files. */
function namesByPid(dataDir: string): Map<number, string> {
  const folder = join(dataDir, 'run');
  const files = readdirSync(folder).filter((file) => file.endsWith('.pid'));
  const pairs = files.map((file): [number, string] => {
    return [Number(readFileSync(join(folder, file), 'utf8')), file.slice(0, -'.pid'.length)];
  });
  return new Map(pairs);
}
