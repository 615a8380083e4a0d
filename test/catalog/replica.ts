/** A catalog's store without a group. Helper of the tests in this folder. */
import type { CatalogMachine, CatalogResult } from '../../src/catalog/machine/catalog-machine.js';
import { CatalogStore } from '../../src/catalog/service/store.js';
import type { Group, GroupStatus } from '../../src/group/types.js';
import { ManualClock } from '../helpers/manual-clock.js';
import type { CatalogLog } from './log-builder.js';

export const epoch = 5;

function status(machine: CatalogMachine, leads: boolean): GroupStatus {
  const place = { epoch, seq: machine.appliedSeq };
  return {
    ...{ id: leads ? 'catalog-2' : 'catalog-1', leader: 'catalog-2', epoch, serving: leads },
    ...{ role: leads ? 'leader' : 'follower', logEnd: place, commit: place.seq },
    ...{ applied: place.seq, oldestUncommittedMs: 0, diskSilentMs: 0, incarnation: 'x' },
  };
}

/** Over a log that the test writes; a read waits until the test lets the last one go. */
export function replica(log: CatalogLog, leads: boolean) {
  let letGo: () => void = () => {};
  const group = {
    status: () => status(log.machine, leads),
    onRole: (listener: (status: GroupStatus) => void) => {
      if (leads) setImmediate(() => listener(status(log.machine, true)));
    },
    openGates: () => {},
    electedMs: 0,
    eachUnapplied: async () => {},
    readBarrier: () =>
      new Promise<number>((resolve) => {
        letGo = () => resolve(log.machine.appliedSeq);
      }),
  } as unknown as Group<CatalogResult>;
  const store = new CatalogStore({
    ...{ group, machine: log.machine, clock: new ManualClock() },
    boundsTotals: () => true,
  });
  return { store, letGo: () => letGo() };
}
